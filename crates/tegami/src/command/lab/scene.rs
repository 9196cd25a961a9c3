//! The story: which messages are sent, by whom, and what must become of them.

use tegami_lab::{HostPlan, World};
use tegami_mail::{Note, note};

/// By which door a message leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// The site's HTTP API.
    Api,
    /// The site's submission port, with STARTTLS and AUTH.
    Submission,
    /// Another machine of the small internet, straight to the MX hosts.
    Outside(HostPlan),
}

/// What must become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A host takes it over TLS, into INBOX.
    Inbox,
    /// The first attempt is deferred, a later one succeeds.
    InboxAfterWaiting,
    /// The first MX host does not answer, the second takes it.
    InboxOfSecondHost,
    /// Delivered over TLS with a certificate that is not trusted.
    InboxUntrusted,
    /// It fails for good with this enhanced status code, and the sender gets a DSN.
    Bounced(&'static str),
    /// The receiving host refuses it with this enhanced status code.
    Refused(&'static str),
}

/// One message of the story.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    /// Its short name.
    pub(crate) name: &'static str,
    pub(crate) door: Door,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) text: &'static str,
    /// Name and content of a file that goes with it.
    pub(crate) attachment: Option<(&'static str, &'static [u8])>,
    /// Where answers go: a contact form puts its visitor here, never into From.
    pub(crate) reply_to: Option<&'static str>,
    pub(crate) expected: Expected,
}

impl Scene {
    /// What the scene shows, in a line.
    pub(crate) fn title(&self) -> Note {
        match self.name {
            "sign-up" => note!("lab-scene-sign-up"),
            "contact-form" => note!("lab-scene-contact-form"),
            "greylist" => note!("lab-scene-greylist"),
            "dead-mx" => note!("lab-scene-dead-mx"),
            "null-mx" => note!("lab-scene-null-mx"),
            "self-signed" => note!("lab-scene-self-signed"),
            "no-such-user" => note!("lab-scene-no-such-user"),
            "no-records" => note!("lab-scene-no-records"),
            "spoofed-there" => note!("lab-scene-spoofed-there"),
            "spoofed-here" => note!("lab-scene-spoofed-here"),
            _ => note!("lab-scene-partner"),
        }
    }

    /// Why it ends as it does, and what a sender would do about it.
    pub(crate) fn lesson(&self) -> Note {
        match self.name {
            "sign-up" => note!("lab-lesson-sign-up"),
            "contact-form" => note!("lab-lesson-contact-form"),
            "greylist" => note!("lab-lesson-greylist"),
            "dead-mx" => note!("lab-lesson-dead-mx"),
            "null-mx" => note!("lab-lesson-null-mx"),
            "self-signed" => note!("lab-lesson-self-signed"),
            "no-such-user" => note!("lab-lesson-no-such-user"),
            "no-records" => note!("lab-lesson-no-records"),
            "spoofed-there" => note!("lab-lesson-spoofed-there"),
            "spoofed-here" => note!("lab-lesson-spoofed-here"),
            _ => note!("lab-lesson-partner"),
        }
    }
}

/// A picture of one pixel, so that the attachment is a real file.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

const PLAIN: Scene = Scene {
    name: "",
    door: Door::Api,
    from: "Shop <noreply@shop.test>",
    to: "",
    subject: "",
    text: "",
    attachment: None,
    reply_to: None,
    expected: Expected::Inbox,
};

/// The messages, in the order in which they are told.
pub(crate) fn story() -> Vec<Scene> {
    let mut story = sent_by_the_site().to_vec();
    story.extend(sent_by_others());
    story
}

fn sent_by_the_site() -> [Scene; 8] {
    [
        Scene {
            name: "sign-up",
            to: "hanako@bigmail.test",
            subject: "Welcome to the shop",
            text: "Confirm your address: https://shop.test/confirm/3f9a\n",
            ..PLAIN
        },
        Scene {
            name: "contact-form",
            door: Door::Submission,
            from: "お問い合わせフォーム <form@shop.test>",
            to: "info@bigmail.test",
            subject: "【お問い合わせ】髙橋様より見積①のご依頼",
            text: "お名前: 髙橋 はな\nご用件: 見積①をお願いします。㈱テスト商会\n",
            attachment: Some(("見積依頼.gif", PIXEL)),
            reply_to: Some("髙橋 はな <hana@partner.test>"),
            ..PLAIN
        },
        Scene {
            name: "greylist",
            to: "keiko@grey.test",
            subject: "Your order has been shipped",
            text: "It arrives tomorrow.\n",
            expected: Expected::InboxAfterWaiting,
            ..PLAIN
        },
        Scene {
            name: "dead-mx",
            to: "ops@deadmx.test",
            subject: "Your invoice",
            text: "Please find it in your account.\n",
            expected: Expected::InboxOfSecondHost,
            ..PLAIN
        },
        Scene {
            name: "null-mx",
            to: "anyone@nullmx.test",
            subject: "Are you there?",
            text: "Nobody reads this.\n",
            expected: Expected::Bounced("5.1.10"),
            ..PLAIN
        },
        Scene {
            name: "self-signed",
            to: "old@selfsigned.test",
            subject: "Newsletter",
            text: "News from the shop.\n",
            expected: Expected::InboxUntrusted,
            ..PLAIN
        },
        Scene {
            name: "no-such-user",
            to: "nobody@bigmail.test",
            subject: "We miss you",
            text: "Come back.\n",
            expected: Expected::Bounced("5.1.1"),
            ..PLAIN
        },
        Scene {
            name: "no-records",
            from: "New Shop <hello@newshop.test>",
            to: "taro@bigmail.test",
            subject: "We have opened",
            text: "Our domain is new, and nobody has published its records yet.\n",
            expected: Expected::Bounced("5.7.26"),
            ..PLAIN
        },
    ]
}

fn sent_by_others() -> [Scene; 3] {
    let spoofed = Scene {
        door: Door::Outside(World::SPOOFER),
        from: "Your Bank <security@bank.test>",
        subject: "Your account has been locked",
        text: "Enter your password here: http://bank.example.net/\n",
        ..PLAIN
    };
    [
        Scene {
            name: "spoofed-there",
            to: "hanako@bigmail.test",
            expected: Expected::Refused("5.7.26"),
            ..spoofed
        },
        Scene {
            name: "spoofed-here",
            to: "info@shop.test",
            expected: Expected::Refused("5.7.23"),
            ..spoofed
        },
        Scene {
            name: "partner",
            door: Door::Outside(World::PARTNER),
            from: "Partner <sales@partner.test>",
            to: "info@shop.test",
            subject: "Our offer",
            text: "As discussed.\n",
            ..PLAIN
        },
    ]
}
