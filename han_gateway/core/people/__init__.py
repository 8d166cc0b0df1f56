"""What people ask of the house, and what they are told of it. Of limits it decides no more than that somebody wants a pause, or to be first."""
