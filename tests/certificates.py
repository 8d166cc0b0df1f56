"""Certificates for tests with TLS, made by openssl for the day. It must not know what is tested."""

import subprocess
from pathlib import Path


def make(folder: Path) -> Path:
    """A CA, a certificate for localhost, one for a client, an expired one, and a second CA that signed nothing."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for ca in ("ca", "other"):
        use = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl(
            "req", "-x509", *new_key, "-keyout", f"{ca}.key", "-out", f"{ca}.crt", "-subj", f"/CN=test {ca}", "-days", "2", *use
        )
    for name in ("localhost", "gateway"):
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}\n")
        signed_by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *signed_by)
    yesterday = ("-CA", "ca.crt", "-CAkey", "ca.key", "-days", "-1", "-extfile", "localhost.ext")
    openssl("x509", "-req", "-in", "localhost.csr", "-out", "expired.crt", *yesterday)
    return folder


def tls_config(folder: Path, certificate: str = "localhost", *, asks: bool = True) -> str:
    """Lines for a listener of mosquitto with TLS; ``asks``: each client for a certificate."""
    files = f"cafile {folder}/ca.crt\ncertfile {folder}/{certificate}.crt\nkeyfile {folder}/localhost.key"
    return f"allow_anonymous true\n{files}\nrequire_certificate {str(asks).lower()}"
