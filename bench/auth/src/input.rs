//! Messages and DNS records, made here and the same in every run but for the key.

use std::sync::Arc;

use jiff::Timestamp;
use tegami_auth::dkim::{self, PrivateKey, Signer, record_name};

/// The SMTP client's address: the second include has it.
pub const IP: &str = "203.0.113.77";
/// The argument of EHLO.
pub const HELO: &str = "out3.mail.example.org";
/// The reverse-path.
pub const MAIL_FROM: &str = "bounces+4711@example.org";
/// The domain of the reverse-path, of the signature and of the author.
pub const DOMAIN: &str = "example.org";
/// The selector of the signature.
pub const SELECTOR: &str = "s2026";
/// Our own name.
pub const RECEIVER: &str = "mx.example.com";
/// The fields that the peer signs: those of ours that the message has.
pub const SIGNED: &[&str] = &[
    "From",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// Everything that is asked about: TXT records by name, each one text. What is not here does not exist.
pub struct Zone {
    /// Name without a dot at its end, and text.
    pub texts: Vec<(String, String)>,
}

impl Zone {
    /// The records of a sender with this key.
    pub fn new(signer: &Signer) -> Self {
        let texts = [
            (DOMAIN.to_owned(), "v=spf1 include:_spf.example.net include:spf.example.com -all".to_owned()),
            (
                "_spf.example.net".to_owned(),
                "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.192/26 ip6:2001:db8:1::/48 ip4:198.51.100.0/26 ~all"
                    .to_owned(),
            ),
            (
                "spf.example.com".to_owned(),
                "v=spf1 ip4:198.51.100.128/25 ip6:2001:db8:2::/48 ip4:203.0.113.64/26 ~all".to_owned(),
            ),
            (
                "_dmarc.example.org".to_owned(),
                "v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@example.org; adkim=r; aspf=r".to_owned(),
            ),
            (record_name(&signer.selector, &signer.domain), signer.key.dns_record()),
        ];
        Self { texts: texts.into() }
    }
}

/// A signer with a new key.
///
/// # Panics
/// Where no key can be made.
pub fn signer() -> Signer {
    let key = Arc::new(PrivateKey::generate_rsa_2048().expect("an RSA key"));
    Signer::new(DOMAIN.parse().expect("a domain"), SELECTOR.parse().expect("a selector"), key)
}

/// A content with its signature before it.
///
/// # Panics
/// Where it cannot be signed.
pub fn signed(content: &[u8], signer: &Signer) -> Vec<u8> {
    let mut signed =
        dkim::sign(content, std::slice::from_ref(signer), Timestamp::now()).expect("a signature");
    signed.extend_from_slice(content);
    signed
}

const HEADER_SECTION: &str = "\
Received: from out3.mail.example.org (out3.mail.example.org [203.0.113.77])\r
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r
\tby relay.example.net with ESMTPS id 4Vx1Kq0cP2z9sT\r
\tfor <another@example.com>; Tue, 30 Jun 2026 21:14:07 +0000 (UTC)\r
Received: from app7.internal.example.org (unknown [192.0.2.14])\r
\tby out3.mail.example.org with ESMTPSA id 8F1B2C3D4E\r
\tfor <another@example.com>; Tue, 30 Jun 2026 21:14:06 +0000 (UTC)\r
Received: by app7.internal.example.org with local id 61a8c2;\r
\tTue, 30 Jun 2026 21:14:05 +0000\r
From: \"The Example Garden\" <news@example.org>\r
Reply-To: questions@example.org\r
To: Another Reader <another@example.com>,\r
 \"Somebody Else\" <else@example.com>\r
Cc: third@example.net\r
Subject: What grows in July, what to water,  and what\r
 to leave alone until the rain comes back\r
Date: Tue, 30 Jun 2026 21:14:05 +0000\r
Message-ID: <20260630211405.61a8c2.4711@example.org>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8;\r
\tformat=flowed\r
Content-Transfer-Encoding: 8bit\r
List-Unsubscribe: <https://example.org/unsubscribe/4711>,\r
 <mailto:unsubscribe@example.org?subject=4711>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
X-Mailer: Garden Letters 3.1\r
\r
";

const WORDS: &[&str] = &[
    "a",
    "and",
    "the",
    "of",
    "water",
    "garden",
    "tomatoes",
    "July",
    "leave",
    "under",
    "roots",
    "rain",
    "in",
    "morning",
    "<td",
    "style=\"padding:0\">",
    "https://example.org/p/4711",
    "everything",
    "is",
    "cut",
    "back",
    "we",
    "herbs,",
    "dry",
    "soil.",
    "café",
    "until",
    "slowly",
    "evening",
    "again",
    "to",
];

/// A message of about so many octets: fifteen fields and more, many folded, and lines of mixed lengths; here and there
/// an indented line, two blanks in a row or a blank at the end, as people and programs write them.
pub fn content(octets: usize) -> Vec<u8> {
    let mut content = HEADER_SECTION.to_owned();
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    while content.len() < octets {
        line(&mut content, &mut dice);
    }
    content.into_bytes()
}

fn line(content: &mut String, dice: &mut Dice) {
    if dice.roll(10) == 0 {
        content.push_str("\r\n");
        return;
    }
    if dice.roll(12) == 0 {
        content.push_str("    ");
    }
    let end = content.len() + 8 + dice.roll(70);
    while content.len() < end {
        content.push_str(WORDS.get(dice.roll(WORDS.len())).unwrap_or(&"x"));
        content.push_str(if dice.roll(200) == 0 { "  " } else { " " });
    }
    // Most lines have no blank at their end.
    if dice.roll(25) > 0 {
        content.truncate(content.trim_end().len());
    }
    content.push_str("\r\n");
}

/// Numbers without order, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % sides
    }
}
