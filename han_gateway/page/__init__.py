"""What people look at: a board that remembers what was shown, its JSON form, its words in two languages, and the files of the page.

Pure like the core: time arrives in events. It must not know HTTP, nor decide anything.
"""
