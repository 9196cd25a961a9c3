//! Whose records are widely included.

use tegami_dns::DnsName;

/// Names at and below which a provider publishes what its customers include, with the provider's name.
const VENDORS: [(&str, &str); 30] = [
    ("_spf.google.com", "Google Workspace"),
    ("spf.protection.outlook.com", "Microsoft 365"),
    ("amazonses.com", "Amazon SES"),
    ("sendgrid.net", "SendGrid"),
    ("mailgun.org", "Mailgun"),
    ("spf.mailjet.com", "Mailjet"),
    ("spf.mtasv.net", "Postmark"),
    ("servers.mcsv.net", "Mailchimp"),
    ("spf.mandrillapp.com", "Mailchimp Transactional"),
    ("spf.brevo.com", "Brevo"),
    ("spf.sendinblue.com", "Brevo"),
    ("sparkpostmail.com", "SparkPost"),
    ("mail.zendesk.com", "Zendesk"),
    ("_spf.salesforce.com", "Salesforce"),
    ("hubspotemail.net", "HubSpot"),
    ("mktomail.com", "Marketo"),
    ("zoho.com", "Zoho"),
    ("zohomail.com", "Zoho"),
    ("zcsend.net", "Zoho Campaigns"),
    ("spf.messagelabs.com", "Symantec Email Security"),
    ("pphosted.com", "Proofpoint"),
    ("mimecast.com", "Mimecast"),
    ("_spf.protonmail.ch", "Proton Mail"),
    ("spf.messagingengine.com", "Fastmail"),
    ("_spf.mx.cloudflare.net", "Cloudflare Email Routing"),
    ("spf.intermedia.net", "Intermedia"),
    ("freshemail.io", "Freshworks"),
    ("sakura.ne.jp", "SAKURA internet"),
    ("xserver.jp", "XServer"),
    ("_spf.yandex.net", "Yandex"),
];

/// The provider behind a name.
pub(super) fn of(name: &DnsName) -> Option<&'static str> {
    let below = |known: &str| DnsName::parse(known).is_ok_and(|known| name.is_within(&known));
    VENDORS.iter().find(|(known, _)| below(known)).map(|(_, vendor)| *vendor)
}
