//! The operations that no engine can do without, from the library that both engines stand on.

use std::hint::black_box;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::Work;

/// One RSA-2048 verification, the key read before.
///
/// # Panics
/// Where the library refuses its own key.
pub fn rsa_verify() -> Work<'static> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
    let digest = digest(&SHA256, b"a header section");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).expect("a signature");
    let key =
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).expect("a public key");
    Box::new(move || key.verify_digest_sig(&digest, &signature).expect("the signature verifies"))
}

/// One RSA-2048 signature, the key read before.
///
/// # Panics
/// Where the library cannot make a key.
pub fn rsa_sign() -> Work<'static> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
    let digest = digest(&SHA256, b"a header section");
    Box::new(move || {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).expect("a signature");
        black_box(signature);
    })
}

/// SHA-256 over these bytes.
pub fn sha256(bytes: &[u8]) -> Work<'_> {
    Box::new(move || {
        black_box(digest(&SHA256, black_box(bytes)));
    })
}
