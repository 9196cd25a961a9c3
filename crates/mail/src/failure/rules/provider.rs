//! What providers document of their own replies. Every rule has its source and the day it was read.

use super::super::Cause::{
    Authentication, BadDomain, BadMailbox, Content, Expired, Filtered, Greylisting, Policy, Rate, Reputation,
    ReverseDns, Sender, Spam, System, Tls,
};
use super::super::Provider::{
    Au, Comcast, Cox, Docomo, Google, Icloud, Microsoft365, Mimecast, Outlook, Proofpoint, Softbank, Yahoo,
    YahooJapan,
};
use super::super::rule::{Rule, Source};
use super::super::{About, Lasting, Phase};

const fn read(url: &'static str) -> Source {
    Source { url, read: "2026-11-21" }
}

const GOOGLE: Source = read("https://support.google.com/a/answer/3726730");
const EXCHANGE: Source = read(
    "https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online",
);
const OUTLOOK_515: Source = read(
    "https://support.microsoft.com/topic/fix-ndr-error-550-5-7-515-in-outlook-com-34cfe8f8-6fbf-457e-9e8b-9e4dbaf4e0ef",
);
const OUTLOOK_CODES: Source = read("https://wordtothewise.com/2017/10/troubleshooting-and-codes");
const OUTLOOK_S3150: Source =
    read("https://www.engagor.ai/resources/blog/microsoft-s3150-most-frustrating-error-code");
const YAHOO: Source = read("https://senders.yahooinc.com/smtp-error-codes/");
const YAHOO_TS03: Source = read("https://help.yahoo.com/kb/index?page=content&id=SLN3436");
const YAHOO_TSS09: Source = read(
    "https://www.suped.com/knowledge/email-deliverability/troubleshooting/what-causes-yahoo-to-return-tss09-error-and-how-to-resolve-it",
);
const APPLE: Source = read("https://support.apple.com/en-us/102322");
const APPLE_CODES: Source = read("https://smtp.codes/icloud");
const APPLE_LOOKUP: Source = read("https://status.socketlabs.com/incident/306");
const YAHOO_JAPAN: Source = read("https://www.yahoo-help.jp/app/answers/detail/p/565/a_id/47542");
const DOCOMO: Source = read("https://www.docomo.ne.jp/service/imode_mail/notice/mass_send/");
const DOCOMO_UNKNOWN: Source = read("https://support.ntt.com/mail/faq/detail/pid2300000e64");
const AU: Source = read("https://www.au.com/mobile/service/attention/specification/");
const AU_UNKNOWN: Source = read("https://note.com/sendmagic/n/n875d8dcb6cb8");
const SOFTBANK: Source = read("https://www.softbank.jp/mobile/support/antispam/wrestle/");
const SOFTBANK_CODES: Source = read("https://note.com/sendmagic/n/n5afbf98aeb25");
const COMCAST: Source = read("http://postmaster.comcast.net/mail-error-codes.html");
const COX: Source = read("http://postmaster.cox.net/confluence/display/postmaster/Error+Codes");
const MIMECAST: Source = read(
    "https://mimecastsupport.zendesk.com/hc/en-us/articles/34000709564691-Policies-Mimecast-SMTP-Error-Codes",
);
const PROOFPOINT: Source = read("https://www.proofpoint.com/us/support-services/ip-blocked-faq");
const SPAMHAUS: Source =
    read("https://www.spamhaus.com/resource-center/help-for-spamhaus-projects-legacy-blocklist-users");

const SPF_RECORD: &str = "failure-advice-spf-record";
const DMARC_NAMED: &str = "failure-advice-dmarc-domain";

/// A rule for words that are enough to know whose they are, whichever host says them.
const fn anybody(rule: Rule, source: Source) -> Rule {
    Rule { source: Some(source), ..rule }
}

pub(super) const RULES: &[Rule] = &[
    // Spamhaus answers so to a receiver that asks wrongly: nothing is listed.
    anybody(Rule::new("spamhaus-asked-wrongly", System), SPAMHAUS)
        .marks(&[
            "error: open resolver",
            "127.255.255.25",
            "open resolver*spamhaus",
            "spamhaus*open resolver",
        ])
        .really(Lasting::Transient)
        .means("failure-spamhaus-asked-wrongly")
        .do_this("failure-spamhaus-asked-wrongly-advice"),
    // Gmail
    Rule::new("gmail-dmarc", Authentication)
        .of(Google, GOOGLE)
        .status(&[(7, 1, 1), (7, 26, 26)])
        .says(&["unauthenticated email from"])
        .means("failure-dmarc-policy")
        .with_name(DMARC_NAMED, &["unauthenticated email from "]),
    Rule::new("gmail-spf-hard-fail", Authentication)
        .of(Google, GOOGLE)
        .status(&[(7, 26, 27)])
        .says(&["mail from domain"])
        .means("failure-gmail-spf")
        .with_domain(SPF_RECORD, &["mail from domain "]),
    Rule::new("gmail-unauthenticated", Authentication)
        .of(Google, GOOGLE)
        .status(&[(7, 26, 27), (7, 30, 30), (7, 32, 32)])
        .means("failure-gmail-unauthenticated")
        .with_domain(SPF_RECORD, &["spf ["]),
    Rule::new("gmail-unauthenticated-5.7.1", Authentication)
        .of(Google, GOOGLE)
        .says(&["does not have authentication information"])
        .means("failure-gmail-unauthenticated"),
    Rule::new("gmail-reverse-dns", ReverseDns).of(Google, GOOGLE).status(&[(7, 23, 23), (7, 25, 25)]),
    Rule::new("gmail-rate", Rate)
        .of(Google, GOOGLE)
        .status(&[(7, 28, 28)])
        .really(Lasting::Transient)
        .means("failure-gmail-rate")
        .do_this("failure-gmail-rate-advice"),
    Rule::new("gmail-rate-4.7.0", Rate)
        .of(Google, GOOGLE)
        .says(&["unusual rate of unsolicited"])
        .really(Lasting::Transient)
        .means("failure-gmail-rate")
        .do_this("failure-gmail-rate-advice"),
    Rule::new("gmail-tls", Tls).of(Google, GOOGLE).status(&[(7, 29, 29)]),
    Rule::new("gmail-recipient-rate", Rate)
        .of(Google, GOOGLE)
        .status(&[(2, 1, 1)])
        .says(&["receiving mail at a rate", "receiving mail too quickly"])
        .about_the(About::Recipient)
        .really(Lasting::Transient)
        .means("failure-recipient-rate")
        .do_this("failure-recipient-rate-advice"),
    Rule::new("gmail-daily-limit", Rate)
        .of(Google, GOOGLE)
        .status(&[(4, 5, 5)])
        .says(&["sending limit", "sending quota"])
        .about_the(About::Sender)
        .really(Lasting::Transient),
    Rule::new("gmail-reputation", Reputation)
        .of(Google, GOOGLE)
        .says(&["very low reputation"])
        .means("failure-gmail-reputation")
        .do_this("failure-gmail-reputation-advice"),
    Rule::new("gmail-spam", Spam)
        .of(Google, GOOGLE)
        .says(&["likely unsolicited", "likely spam"])
        .means("failure-gmail-spam")
        .do_this("failure-gmail-reputation-advice"),
    Rule::new("gmail-attachment", Content)
        .of(Google, GOOGLE)
        .says(&["content presents a potential"])
        .means("failure-gmail-attachment")
        .do_this("failure-gmail-attachment-advice"),
    Rule::new("gmail-custom-rule", Policy)
        .of(Google, GOOGLE)
        .marks(&["- gcdp"])
        .means("failure-gmail-custom-rule")
        .do_this("failure-ask-recipient-advice"),
    // Outlook.com
    Rule::new("outlook-authentication", Authentication)
        .code(&[550])
        .status(&[(7, 515, 515)])
        .of(Microsoft365, OUTLOOK_515)
        .means("failure-outlook-515")
        .with_name(DMARC_NAMED, &["sending domain "]),
    Rule::new("outlook-authentication-consumer", Authentication)
        .status(&[(7, 515, 515)])
        .of(Outlook, OUTLOOK_515)
        .means("failure-outlook-515")
        .with_name(DMARC_NAMED, &["sending domain "]),
    Rule::new("outlook-network-listed", Reputation)
        .of(Outlook, OUTLOOK_S3150)
        .marks(&["(s3140)", "(s3150)", "(as3140)", "(as3150)", "part of their network is on our block list"])
        .means("failure-outlook-network-listed")
        .do_this("failure-outlook-network-listed-advice"),
    // Microsoft calls these numbers its own, for looking into a case. What stands with S775 is a limit that passes.
    Rule::new("outlook-limit", Rate)
        .of(Outlook, OUTLOOK_CODES)
        .marks(&["(s775)", "(as775)", "(s774)", "(as774)", "(as843)", "(as844)", "server busy"])
        .really(Lasting::Transient)
        .means("failure-outlook-limit"),
    Rule::new("outlook-reputation-limit", Reputation)
        .of(Outlook, OUTLOOK_CODES)
        .status(&[(7, 650, 653)])
        .really(Lasting::Transient)
        .means("failure-outlook-reputation-limit")
        .do_this("failure-outlook-network-listed-advice"),
    // Exchange Online
    Rule::new("exchange-limit", Rate)
        .of(Microsoft365, EXCHANGE)
        .status(&[(7, 500, 500), (7, 232, 233)])
        .really(Lasting::Transient)
        .means("failure-outlook-limit"),
    Rule::new("exchange-recipient-limit", Rate)
        .of(Microsoft365, EXCHANGE)
        .code(&[432])
        .about_the(About::Recipient)
        .means("failure-recipient-rate")
        .do_this("failure-recipient-rate-advice"),
    Rule::new("exchange-reputation-limit", Reputation)
        .of(Microsoft365, EXCHANGE)
        .status(&[(7, 650, 653)])
        .really(Lasting::Transient)
        .means("failure-outlook-reputation-limit")
        .do_this("failure-outlook-network-listed-advice"),
    Rule::new("exchange-address-banned", Reputation)
        .of(Microsoft365, EXCHANGE)
        .status(&[(7, 606, 649), (7, 511, 511)])
        .means("failure-exchange-banned")
        .do_this("failure-exchange-banned-advice"),
    Rule::new("exchange-traffic", Reputation).of(Microsoft365, EXCHANGE).status(&[(7, 708, 708)]),
    Rule::new("exchange-dmarc", Authentication)
        .of(Microsoft365, EXCHANGE)
        .status(&[(7, 509, 509)])
        .means("failure-dmarc-policy")
        .with_name(DMARC_NAMED, &["sending domain "]),
    Rule::new("outlook-dmarc", Authentication)
        .of(Outlook, EXCHANGE)
        .status(&[(7, 509, 509)])
        .means("failure-dmarc-policy")
        .with_name(DMARC_NAMED, &["sending domain "]),
    Rule::new("exchange-no-recipient", BadMailbox)
        .of(Microsoft365, EXCHANGE)
        .status(&[(1, 10, 10), (1, 351, 351)])
        .means("failure-exchange-no-recipient"),
    Rule::new("exchange-not-in-directory", BadMailbox)
        .of(Microsoft365, EXCHANGE)
        .status(&[(4, 1, 1)])
        .says(&["access denied"])
        .means("failure-exchange-no-recipient"),
    Rule::new("exchange-members-only", Filtered)
        .of(Microsoft365, EXCHANGE)
        .status(&[(7, 124, 136)])
        .means("failure-exchange-members-only")
        .do_this("failure-ask-recipient-advice"),
    Rule::new("exchange-authenticated-only", Policy)
        .of(Microsoft365, EXCHANGE)
        .marks(&["resolver.rst.authrequired"])
        .about_the(About::Recipient)
        .means("failure-exchange-members-only")
        .do_this("failure-ask-recipient-advice"),
    Rule::new("exchange-no-domain", BadDomain).of(Microsoft365, EXCHANGE).status(&[(4, 310, 310)]),
    Rule::new("exchange-expired", Expired)
        .of(Microsoft365, EXCHANGE)
        .status(&[(4, 300, 300), (4, 316, 317)])
        .says(&["expired"]),
    // Yahoo and AOL
    Rule::new("yahoo-permanently-deferred", Reputation)
        .of(Yahoo, YAHOO_TS03)
        .marks(&["[ts03]", "[tss03]", "permanently deferred*retrying will not"])
        .code(&[421, 451])
        .really(Lasting::Permanent)
        .means("failure-yahoo-permanently-deferred")
        .do_this("failure-yahoo-advice"),
    Rule::new("yahoo-tss09", Reputation)
        .of(Yahoo, YAHOO_TSS09)
        .marks(&["[tss09]"])
        .means("failure-yahoo-permanently-deferred")
        .do_this("failure-yahoo-advice"),
    Rule::new("yahoo-deferred", Rate)
        .of(Yahoo, YAHOO)
        .marks(&["[tss", "[ts0"])
        .really(Lasting::Transient)
        .means("failure-yahoo-deferred")
        .do_this("failure-yahoo-advice"),
    Rule::new("yahoo-unauthenticated", Authentication)
        .of(Yahoo, YAHOO)
        .status(&[(7, 9, 9)])
        .says(&["unauthenticated", "dmarc", "dkim", "spf"])
        .means("failure-gmail-unauthenticated"),
    Rule::new("yahoo-policy", Policy)
        .of(Yahoo, YAHOO)
        .status(&[(7, 9, 9)])
        .means("failure-yahoo-policy")
        .do_this("failure-yahoo-advice"),
    Rule::new("yahoo-listed", Reputation).of(Yahoo, YAHOO).marks(&["[bl"]),
    // iCloud
    anybody(Rule::new("icloud-lookup-trouble", System), APPLE_LOOKUP)
        .says(&["user lookup success but no user record"])
        .really(Lasting::Transient)
        .means("failure-icloud-lookup-trouble"),
    anybody(Rule::new("icloud-local-policy", Policy), APPLE_CODES)
        .marks(&["[hm08]", "[cs01]", "[cs02]"])
        .means("failure-icloud-policy")
        .do_this("failure-icloud-advice"),
    Rule::new("icloud-dmarc", Authentication)
        .of(Icloud, APPLE)
        .says(&["dmarc policy"])
        .means("failure-dmarc-policy")
        .with_name(DMARC_NAMED, &["due to "]),
    // Japan
    Rule::new("yahoo-japan-refused", Reputation)
        .of(YahooJapan, YAHOO_JAPAN)
        .at(Phase::Session)
        .code(&[550, 553, 554]),
    Rule::new("docomo-blocked", Rate)
        .of(Docomo, DOCOMO)
        .at(Phase::Session)
        .really(Lasting::Transient)
        .means("failure-carrier-blocked")
        .do_this("failure-carrier-advice"),
    Rule::new("docomo-unknown-or-refused", Filtered)
        .of(Docomo, DOCOMO_UNKNOWN)
        .says(&["unknown user"])
        .at(Phase::Content)
        .means("failure-carrier-unknown")
        .do_this("failure-carrier-unknown-advice"),
    Rule::new("au-blocked", Rate)
        .of(Au, AU)
        .at(Phase::Session)
        .really(Lasting::Transient)
        .means("failure-carrier-blocked")
        .do_this("failure-carrier-advice"),
    Rule::new("au-unknown-or-refused", Filtered)
        .of(Au, AU_UNKNOWN)
        .says(&["user unknown"])
        .at(Phase::Content)
        .means("failure-carrier-unknown")
        .do_this("failure-carrier-unknown-advice"),
    Rule::new("softbank-blocked", Rate)
        .of(Softbank, SOFTBANK)
        .at(Phase::Session)
        .really(Lasting::Transient)
        .means("failure-carrier-blocked")
        .do_this("failure-carrier-advice"),
    Rule::new("softbank-sender-domain", Sender)
        .of(Softbank, SOFTBANK_CODES)
        .code(&[553])
        .says(&["does not exist"]),
    // Others
    Rule::new("comcast-listed", Reputation).of(Comcast, COMCAST).marks(&["bl00", "es00"]),
    Rule::new("comcast-rate", Rate).of(Comcast, COMCAST).marks(&["rl00"]).really(Lasting::Transient),
    Rule::new("cox-temporary-block", Reputation)
        .of(Cox, COX)
        .marks(&["cdrbl"])
        .really(Lasting::Transient)
        .means("failure-cox-temporary"),
    Rule::new("cox-listed", Reputation).of(Cox, COX).marks(&["aup#cxbl", "aup#ipbl", "ipbl0", "ipbl1"]),
    Rule::new("mimecast-greylisting", Greylisting)
        .of(Mimecast, MIMECAST)
        .says(&["internal resource"])
        .really(Lasting::Transient)
        .means("failure-mimecast-greylisting"),
    Rule::new("mimecast-spam", Spam).of(Mimecast, MIMECAST).marks(&[
        "mcspamsignature",
        "spam signature",
        "spamsignature",
    ]),
    Rule::new("mimecast-blocked", Policy)
        .of(Mimecast, MIMECAST)
        .says(&[
            "network not allowed",
            "blocked sender",
            "sender address blocked",
            "policy level block",
            "anti-spoofing",
        ])
        .do_this("failure-ask-recipient-advice"),
    Rule::new("proofpoint-listed", Reputation)
        .of(Proofpoint, PROOFPOINT)
        .marks(&["dnsbl-lookup", "ipcheck.proofpoint", "blocked"])
        .means("failure-proofpoint-listed")
        .do_this("failure-proofpoint-advice"),
];
