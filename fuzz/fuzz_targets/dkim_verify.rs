//! A whole content: every signature is judged, and what we sign of it passes.
#![no_main]

use std::sync::{Arc, LazyLock};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::dkim::{DkimResult, PrivateKey, Signer, record_name, sign, verify};
use tegami_dns::ZoneResolver;

static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let key = Arc::new(PrivateKey::generate_ed25519().unwrap());
    Signer::new("example.org".parse().unwrap(), "mail".parse().unwrap(), key)
});

static RESOLVER: LazyLock<ZoneResolver> = LazyLock::new(|| {
    let name = record_name(&SIGNER.selector, &SIGNER.domain);
    ZoneResolver::from_text(&format!("{name}. TXT \"{}\"", SIGNER.key.dns_record())).unwrap()
});

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let now = Timestamp::UNIX_EPOCH;
    verify(content, &*RESOLVER, now).now_or_never().unwrap();
    if let Ok(fields) = sign(content, std::slice::from_ref(&*SIGNER), now) {
        let verdicts = verify(&[&fields, content].concat(), &*RESOLVER, now).now_or_never().unwrap();
        assert_eq!(verdicts[0].result, DkimResult::Pass, "{:?}", verdicts[0]);
    }
});
