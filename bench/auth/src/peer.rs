//! The crate `mail-auth`, as its documentation shows how to use it, with a cache of its own parsed records.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use mail_auth::common::crypto::{RsaKey, Sha256};
use mail_auth::common::headers::HeaderWriter as _;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::dkim::{Canonicalization, DkimSigner, Done};
use mail_auth::dmarc::Dmarc;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::spf::Spf;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimResult, DmarcResult, DnsError, Error, MessageAuthenticator, Parameters,
    ResolverCache, SpfOutput, SpfResult, Txt,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use tegami_auth::dkim::Signer;

use crate::Work;
use crate::input::{self, Zone};

/// Parsed TXT records by name with a dot at its end; whatever is not in it does not exist, so that nothing is asked for
/// on the network.
struct Texts(HashMap<Box<str>, Txt>);

impl ResolverCache<Box<str>, Txt> for Texts {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let absent = || Txt::Error(Error::Dns(DnsError::RecordNotFound(ResponseCode::NXDomain)));
        Some(self.0.get(name).cloned().unwrap_or_else(absent))
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

/// Nothing else is asked for.
struct Unasked;

impl<K, V> ResolverCache<K, V> for Unasked {
    fn get<Q>(&self, _: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn remove<Q>(&self, _: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: K, _: V, _: Instant) {}
}

/// The peer with its warmed cache.
pub struct Peer {
    authenticator: MessageAuthenticator,
    texts: Texts,
    signer: DkimSigner<RsaKey<Sha256>, Done>,
}

type Asked<'x, P> = Parameters<'x, P, Texts, Unasked, Unasked, Unasked, Unasked>;

impl Peer {
    /// # Panics
    /// Where the peer cannot read a record or the key.
    pub fn new(zone: &Zone, signer: &Signer) -> Self {
        let texts = zone.texts.iter().map(|(name, text)| (format!("{name}.").into_boxed_str(), parse(text)));
        let pem = signer.key.to_pem().expect("the key as PEM");
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("the key");
        let key = RsaKey::<Sha256>::from_key_der(key).expect("an RSA key");
        Self {
            // Where it would ask if it had to; it never has to.
            authenticator: MessageAuthenticator::new_cloudflare().expect("a resolver"),
            texts: Texts(texts.collect()),
            signer: DkimSigner::from_key(key)
                .domain(input::DOMAIN)
                .selector(input::SELECTOR)
                .headers(input::SIGNED.iter().copied())
                .header_canonicalization(Canonicalization::Relaxed)
                .body_canonicalization(Canonicalization::Relaxed),
        }
    }

    fn asked<P>(&self, params: P) -> Asked<'_, P> {
        Parameters {
            params,
            cache_txt: Some(&self.texts),
            cache_mx: None::<&Unasked>,
            cache_ptr: None::<&Unasked>,
            cache_ipv4: None::<&Unasked>,
            cache_ipv6: None::<&Unasked>,
        }
    }

    async fn spf(&self) -> SpfOutput {
        let ip: IpAddr = input::IP.parse().expect("an address");
        let params = SpfParameters::verify_mail_from(ip, input::HELO, input::RECEIVER, input::MAIL_FROM);
        self.authenticator.verify_spf(self.asked(params)).await
    }

    async fn judge(&self, content: &[u8]) {
        let message = AuthenticatedMessage::parse(content).expect("a message");
        let spf = self.spf().await;
        let dkim = self.authenticator.verify_dkim(self.asked(&message)).await;
        let params = DmarcParameters::new(&message, &dkim, input::DOMAIN, &spf);
        let dmarc = self.authenticator.verify_dmarc(self.asked(params)).await;
        assert_eq!(spf.result(), SpfResult::Pass);
        assert_eq!(dkim.first().map(|output| output.result()), Some(&DkimResult::Pass));
        assert_eq!((dmarc.spf_result(), dmarc.dkim_result()), (&DmarcResult::Pass, &DmarcResult::Pass));
        black_box(dmarc);
    }

    /// Full verification: SPF of the MAIL FROM identity, DKIM, DMARC.
    ///
    /// # Panics
    /// Where the message does not pass.
    pub fn verify<'a>(&'a self, content: &'a [u8]) -> Work<'a> {
        Box::new(move || self.judge(content).now_or_never().expect("memory never waits"))
    }

    /// SPF and DMARC alone, on a message that was read and whose signature was verified before.
    ///
    /// # Panics
    /// Where one of them does not pass.
    pub fn spf_and_dmarc<'a>(&'a self, message: &'a AuthenticatedMessage<'a>) -> Work<'a> {
        let dkim =
            self.authenticator.verify_dkim(self.asked(message)).now_or_never().expect("memory never waits");
        Box::new(move || {
            let judged = async {
                let spf = self.spf().await;
                let params = DmarcParameters::new(message, &dkim, input::DOMAIN, &spf);
                let dmarc = self.authenticator.verify_dmarc(self.asked(params)).await;
                assert_eq!(
                    (dmarc.spf_result(), dmarc.dkim_result()),
                    (&DmarcResult::Pass, &DmarcResult::Pass)
                );
                black_box((dmarc, &spf));
            };
            judged.now_or_never().expect("memory never waits");
        })
    }

    /// One RSA-2048 signature, relaxed/relaxed.
    ///
    /// # Panics
    /// Where the content cannot be signed.
    pub fn sign<'a>(&'a self, content: &'a [u8]) -> Work<'a> {
        Box::new(move || {
            black_box(self.signer.sign(content).expect("a signature").to_header());
        })
    }
}

/// A message as the peer reads it.
///
/// # Panics
/// Where it cannot.
pub fn read(content: &[u8]) -> AuthenticatedMessage<'_> {
    AuthenticatedMessage::parse(content).expect("a message")
}

/// The record as the peer keeps it in its cache.
fn parse(text: &str) -> Txt {
    let octets = text.as_bytes();
    if text.starts_with("v=spf1") {
        return Txt::Spf(Arc::new(Spf::parse(octets).expect("an SPF record")));
    }
    if text.starts_with("v=DMARC1") {
        return Txt::Dmarc(Arc::new(Dmarc::parse(octets).expect("a DMARC record")));
    }
    Txt::DomainKey(Arc::new(DomainKey::parse(octets).expect("a key record")))
}
