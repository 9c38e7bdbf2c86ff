"""Credentials for one cluster, made when it starts and stored nowhere."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed.security import Security

# Dask's own temporary credentials begin at the time of day, for a year: once the clock is set back, no worker that
# takes over from one that died would be let in. These end with the process that holds them, whatever the clock says.
VALID = datetime.datetime(2000, 1, 1), datetime.datetime(2200, 1, 1)


def temporary_security() -> Security:
    """Create a key with a self-signed certificate: only those who have both may connect."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "digits-lab-engine")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID[0])
        .not_valid_after(VALID[1])
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()
    roles = ("client", "scheduler", "worker")
    return Security(
        require_encryption=True,
        tls_ca_file=public,
        **{f"tls_{role}_key": private for role in roles},
        **{f"tls_{role}_cert": public for role in roles},
    )
