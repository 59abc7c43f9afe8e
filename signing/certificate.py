"""Rules 4, 5, 6 and 8 of the gate: the cryptography, the chain, whose certificate it is, and when it signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import crl, pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.sign.general import CMSStructuralError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from engine.message import Finding
from signing.gate import CHAIN, CRYPTO, OWNER, TIME, GatePolicy, SignerFacts
from signing.structure import Pair, entry

CURVES = ("secp256r1", "secp384r1", "secp521r1")
RSA_BITS = 2048
TIMES_AGREE = timedelta(minutes=10)
"""How far the two times that a signature may state (signed attribute and /M) may lie apart."""
STRINGS = {12, 19, 22, 26}
"""ASN.1 tags of the string types in which CAs write the identifier."""


def check_signature(pair: Pair, policy: GatePolicy) -> tuple[list[Finding], SignerFacts]:
    """Findings of rules 4, 5, 6 and 8, and what the signature says of itself."""
    signature = pair.signature
    certificate = signature.signer_cert
    algorithm, findings = check_algorithm(signature, policy)
    signed_at, late = check_time(signature, policy)
    identifier, owner = check_owner(certificate, policy)
    facts = SignerFacts(
        serial=f"{certificate.serial_number:x}",
        identifier=identifier,
        subject=str(certificate.subject.native.get("common_name", "")),
        issuer=certificate.issuer.human_friendly,
        signed_at=signed_at,
        algorithm=algorithm,
        revocation_checked=bool(policy.crls),
    )
    findings += check_chain(signature, certificate, signed_at or policy.end, policy)
    return [*findings, *owner, *late], facts


def check_algorithm(signature: Any, policy: GatePolicy) -> tuple[str, list[Finding]]:
    """The digest and signature algorithm as one word, and whether key and algorithm are strong enough."""
    signer = signature.signer_info
    digest = str(signer["digest_algorithm"]["algorithm"].native)
    kind = str(signer["signature_algorithm"].signature_algo)
    word = {"rsassa_pkcs1v15": "rsa", "rsassa_pss": "rsa-pss", "ecdsa": "ecdsa"}.get(kind, kind)
    algorithm = f"{digest}-{word}"
    findings = []
    if algorithm not in policy.algorithms:
        findings.append(Finding(CRYPTO, "algorithm", f"{algorithm} is not on the list"))
    if signature.signed_data["encap_content_info"]["content_type"].native != "data":
        findings.append(Finding(CRYPTO, "CMS", "it does not sign plain data"))
    if len(signature.signed_data["signer_infos"]) != 1:
        findings.append(Finding(CRYPTO, "CMS", "not exactly one signer"))
    key = signature.signer_cert.public_key
    if key.algorithm == "rsa" and key.bit_size < RSA_BITS:
        findings.append(Finding(CRYPTO, "key", f"an RSA key of {key.bit_size} bits"))
    if key.algorithm == "ec" and key.curve[1] not in CURVES:
        findings.append(Finding(CRYPTO, "key", "an elliptic curve that is not on the list"))
    return algorithm, findings


def check_time(signature: Any, policy: GatePolicy) -> tuple[datetime | None, list[Finding]]:
    """The time that the signature states, which must lie in the job's window. Both places that state one must agree."""
    attribute = extract_self_reported_ts(signature.signer_info)
    stated = entry(signature.sig_object, "/M")
    written = generic.parse_pdf_date(str(stated), strict=True) if stated is not None else None
    times = [_aware(time) for time in (attribute, written) if time is not None]
    if not times:
        return None, [Finding(TIME, "", "the signature states no time")]
    if max(times) - min(times) > TIMES_AGREE:
        return times[0], [Finding(TIME, "", "the signature states two different times")]
    skew = timedelta(seconds=policy.skew)
    if not policy.start - skew <= times[0] <= policy.end + skew:
        return times[0], [Finding(TIME, "", "the signing time is outside the job's window")]
    return times[0], []


def _aware(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def check_owner(certificate: x509.Certificate, policy: GatePolicy) -> tuple[str, list[Finding]]:
    """The identifier in the certificate's extension, which must be the registered one. Never the name."""
    oid = policy.identifier_oid
    extensions = certificate["tbs_certificate"]["extensions"]
    values = [bytes(one["extn_value"]) for one in extensions if one["extn_id"].dotted == oid]
    if len(values) != 1:
        return "", [Finding(OWNER, oid, f"the certificate has {len(values)} identifiers, not one")]
    identifier = decode_identifier(values[0])
    if not policy.expected:
        return identifier, [Finding(OWNER, oid, "no certificate is registered for this physician")]
    if identifier != policy.expected:
        return identifier, [Finding(OWNER, oid, "the certificate is another person's")]
    return identifier, []


def decode_identifier(value: bytes) -> str:
    """An ASN.1 string's text, or the bytes as UTF-8 where a CA wrote no ASN.1; empty when it is neither."""
    if len(value) >= 2 and value[0] in STRINGS and value[1] < 0x80 and len(value) == 2 + value[1]:
        value = value[2:]
    try:
        return value.decode()
    except UnicodeDecodeError:
        return ""


def check_chain(signature: Any, certificate: x509.Certificate, moment: datetime, policy: GatePolicy) -> list[Finding]:
    """Integrity, and the chain to the configured CA with validity, usage and revocation at the signing time."""
    roots = [_certificate(der) for path in policy.trust for der in _blocks(path)]
    if certificate.ca or any(certificate.dump() == root.dump() for root in roots):
        return [Finding(CHAIN, "certificate", "a CA's own certificate signed, not a person's")]
    context = ValidationContext(
        trust_roots=roots,
        moment=moment,
        allow_fetching=False,
        crls=[crl.CertificateList.load(der) for path in policy.crls for der in _blocks(path)],
        revocation_mode="require" if policy.crls else "soft-fail",
        retroactive_revinfo=True,
    )
    usage = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
    try:
        status = validate_pdf_signature(signature, context, key_usage_settings=usage, skip_diff=True)
    except (SignatureValidationError, CMSStructuralError) as error:
        return [Finding(CRYPTO, "CMS", f"the signature cannot be verified ({type(error).__name__})")]
    findings = []
    if not status.intact:
        findings.append(Finding(CRYPTO, "", "the signed bytes were changed"))
    if not status.valid:
        findings.append(Finding(CRYPTO, "", "the signature does not hold"))
    if status.intact and status.valid and not status.trusted:
        trouble = str(status.trust_problem_indic.standard_name) if status.trust_problem_indic else "no path"
        findings.append(Finding(CHAIN, "certificate", f"not trusted at the signing time ({trouble})"))
    return findings


def _blocks(path: str) -> list[bytes]:
    """The DER values of a PEM file, or the one of a DER file."""
    data = Path(path).read_bytes()
    return [der for _, _, der in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]


def _certificate(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der)
