//! How hard a certificate is to forge: its key, and what its issuer signed with.

use std::fmt;

use super::der::Der;
use super::{EXTENSIONS, INTEGER, OID, SEQUENCE, VERSION};

const BIT_STRING: u8 = 0x03;

/// RFC 3279 section 2.3.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// RFC 5480 section 2.1.1.
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

/// Curves by their identifiers (RFC 5480 section 2.1.1.1).
const CURVES: &[(&[u8], &str)] = &[
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "P-256"),
    (&[0x2b, 0x81, 4, 0, 0x22], "P-384"),
    (&[0x2b, 0x81, 4, 0, 0x23], "P-521"),
];

/// Keys that are their algorithm (RFC 8410 section 3).
const EDWARDS: &[(&[u8], &str)] = &[(&[0x2b, 0x65, 0x70], "Ed25519"), (&[0x2b, 0x65, 0x71], "Ed448")];

/// Signatures over digests for which collisions are known: RSA with MD2, MD5 and SHA-1 (RFC 3279 section 2.2.1), DSA and ECDSA with SHA-1.
const BROKEN: &[(&[u8], &str)] = &[
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2], "MD2"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4], "MD5"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], "SHA-1"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3], "SHA-1"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], "SHA-1"),
];

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// RSA, with so many bits.
    Rsa(usize),
    /// On a curve of this name.
    Curve(&'static str),
    /// Of another kind.
    Other,
}

/// What the issuer's signature rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Nothing that is known to be broken.
    Strong,
    /// A digest for which collisions are known.
    Broken(&'static str),
}

/// How hard a certificate is to forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// Its key.
    pub key: Key,
    /// What its issuer signed.
    pub digest: Digest,
}

impl Strength {
    /// Reads it from a certificate; `None` where that cannot be read.
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut tbs = Der(certificate.take(SEQUENCE)?);
        let signature = Der(certificate.take(SEQUENCE)?).take(OID)?;
        tbs.skip_if(VERSION);
        tbs.take(INTEGER)?;
        // Signature algorithm, issuer, validity, subject.
        for _ in 0..4 {
            tbs.take(SEQUENCE)?;
        }
        let (tag, key) = tbs.next()?;
        let key = if tag == EXTENSIONS { None } else { public_key(key) };
        let digest = named(BROKEN, signature).map_or(Digest::Strong, Digest::Broken);
        Some(Self { key: key.unwrap_or(Key::Other), digest })
    }
}

fn named(list: &[(&[u8], &'static str)], oid: &[u8]) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
}

fn public_key(info: &[u8]) -> Option<Key> {
    let mut info = Der(info);
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let oid = algorithm.take(OID)?;
    if oid == EC {
        return named(CURVES, algorithm.take(OID)?).map(Key::Curve);
    }
    if oid != RSA {
        return named(EDWARDS, oid).map(Key::Curve);
    }
    // The first octet tells of unused bits; there are none.
    let key = info.take(BIT_STRING)?.get(1..)?;
    let modulus = Der(Der(key).take(SEQUENCE)?).take(INTEGER)?;
    let zeros = modulus.iter().take_while(|octet| **octet == 0).count();
    let first = modulus.get(zeros)?;
    let bits = (modulus.len() - zeros) * 8 - usize::try_from(first.leading_zeros()).ok()?;
    Some(Key::Rsa(bits))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::Curve(name) => f.write_str(name),
            Self::Other => f.write_str("?"),
        }
    }
}
