"""The program of the tests' SAML identity provider: pysaml2 behind two pages."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIServer, make_server

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA1, DIGEST_SHA256, SIG_RSA_SHA1, SIG_RSA_SHA256

FOLDER = Path(os.environ["SAML_FOLDER"])
PORT = int(os.environ["SAML_PORT"])
ROOT = f"http://127.0.0.1:{PORT}"


def make_key() -> tuple[str, str]:
    """Files with a private key and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider of the tests")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    certificate = builder.not_valid_after(now + timedelta(days=2)).sign(key, hashes.SHA256())
    private, public = FOLDER / "key.pem", FOLDER / "certificate.pem"
    form = PrivateFormat.TraditionalOpenSSL
    private.write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    public.write_bytes(certificate.public_bytes(Encoding.PEM))
    return str(private), str(public)


KEY, CERTIFICATE = make_key()


def server() -> Server:
    """With the metadata of the hubs that are known by now."""
    hubs = [str(each) for each in (FOLDER / "hubs").glob("*.xml")]
    settings: dict[str, Any] = {
        "entityid": f"{ROOT}/idp",
        "xmlsec_binary": os.environ["SAML_XMLSEC"],
        "key_file": KEY,
        "cert_file": CERTIFICATE,
        "service": {
            "idp": {
                "name": "provider of the tests",
                "endpoints": {"single_sign_on_service": [(f"{ROOT}/sso", BINDING_HTTP_REDIRECT)]},
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "policy": {
                    "default": {
                        "lifetime": {"minutes": 5},
                        "attribute_restrictions": None,
                        "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
                    }
                },
            }
        },
    }
    if hubs:
        settings["metadata"] = {"local": hubs}
    return Server(config=IdPConfig().load(settings))


def answer(query: dict[str, list[str]]) -> str:
    """The page that posts an assertion about `user` back to the hub that asked."""
    idp = server()
    asked = idp.parse_authn_request(query["SAMLRequest"][0], BINDING_HTTP_REDIRECT).message
    wanted = idp.response_args(asked)
    user = query["user"][0]
    claims = json.loads((FOLDER / "people" / f"{user}.json").read_text())
    response = idp.create_authn_response(
        identity=claims,
        userid=user,
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=f"persistent-{user}"),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"},
        sign_response=False,
        sign_assertion=query.get("unsigned") is None,
        sign_alg=SIG_RSA_SHA1 if "old" in query else SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA1 if "old" in query else DIGEST_SHA256,
        **wanted,
    )
    sent = idp.apply_binding(
        BINDING_HTTP_POST, str(response), wanted["destination"], "", response=True
    )
    return str(sent["data"])


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    query = parse_qs(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [answer(query).encode()]


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    described = entity_descriptor(server().config)
    (FOLDER / "metadata.xml").write_text(str(described))
    make_server("127.0.0.1", PORT, application, server_class=Threads).serve_forever()
