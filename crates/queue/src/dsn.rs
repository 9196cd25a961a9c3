//! Notifications of our own: what is told, to whom, and by which author.

use tegami_auth::dkim::Signer;
use tegami_mail::failure::{Lasting, Verdict};
use tegami_mail::{Address, Domain, StoredNote};
use tegami_report::dsn::{Action, Explanation, Told};
use tegami_store::{MessageRow, Origin, RowId};
use tegami_words::Language;

use crate::outcome::Failure;
use crate::sign::SignerSource;

/// What is to be told of one recipient.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub action: Action,
    pub row: RowId,
    pub told: Told,
}

/// Who is told: nobody of what has the null reverse-path (RFC 5321 section 4.5.5), and nobody of our own notifications and reports,
/// whatever reverse-path they have. Who writes to a mailing list does not hear of each of its members (RFC 5321 section 3.9.2).
pub(crate) fn reader(message: &MessageRow) -> Option<&Address> {
    let is_told = message.origin != Origin::Own && message.summary.list.is_none();
    message.reverse_path.address().filter(|_| is_told)
}

/// The author of a notification about `message`, with the signers of its domain: the postmaster of the sender's domain, else of the
/// message's, else of the nearest domain at or above our own name, whichever is the first that signs for itself. So the signature is
/// aligned with the author even in DMARC's strict mode; SPF cannot be, because the reverse-path is null.
pub(crate) fn author(
    signers: &dyn SignerSource,
    hostname: &Domain,
    message: &MessageRow,
) -> (Domain, Vec<Signer>) {
    let sender = message.reverse_path.address().and_then(Address::domain).cloned();
    let above = std::iter::successors(Some(hostname.clone()), Domain::parent);
    let candidates = sender.into_iter().chain(Domain::parse(&message.domain).ok()).chain(above);
    for domain in candidates {
        let mut keys = signers.signers(&domain);
        keys.retain(|signer| signer.domain == domain);
        if !keys.is_empty() {
            return (domain, keys);
        }
    }
    (hostname.clone(), Vec::new())
}

/// What an attempt met where no peer spoke: a sentence, then our status code.
pub(crate) fn without_reply(language: Language, failure: &Failure) -> String {
    format!("{} [{}]", tegami_words::note(language, &failure.detail), failure.enhanced())
}

/// What a failure means, in both languages.
pub(crate) fn explain(verdict: &Verdict) -> Explanation {
    let say = |language, note: &StoredNote| tegami_words::text(language, &note.id, &note.values());
    let both = |language| {
        let mut meaning = say(language, &verdict.meaning);
        // A code that says never is tried again where it is known to mean otherwise.
        if verdict.contradicts_code() && verdict.said == Some(Lasting::Permanent) {
            meaning = format!("{meaning} {}", tegami_words::plain(language, "queue-dsn-passes"));
        }
        (meaning.trim().to_owned(), say(language, &verdict.advice))
    };
    Explanation { english: both(Language::English), japanese: both(Language::Japanese) }
}

/// Why an address was not written to, in both languages.
pub(crate) fn explain_suppressed(list: tegami_store::SuppressionList) -> Explanation {
    let both = |language| {
        let word =
            |end: &str| tegami_words::plain(language, &format!("queue-suppressed-{}{end}", list.as_str()));
        (word(""), word("-advice"))
    };
    Explanation { english: both(Language::English), japanese: both(Language::Japanese) }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tegami_mail::{EnhancedStatusCode, note};

    use super::*;
    use crate::outcome::Stage;

    #[test]
    fn what_no_peer_said_is_told_in_sentences() {
        let told = |status, detail| {
            let failure = Failure::without_reply(Stage::Connect, status, detail);
            [Language::English, Language::Japanese]
                .map(|language| without_reply(language, &failure) + "\n")
                .concat()
        };
        let rests = note!("outbound-all-rest", next_hop = "example.net", seconds = 59);
        let distrusted =
            note!("outbound-tls-distrusted", host = "mx.example.net", why = "name", by = "mta-sts");
        expect![[r#"
            No connection was tried: every host for example.net failed a moment ago, and none is asked again before 59 seconds have passed. The first message after that finds out whether they are back. [4.4.1]
            接続を試しませんでした：example.net のサーバーはどれもつい先ほど接続できなかったため、59 秒たつまで試しません。その後の最初の一通が、復旧したかどうかを確かめます。 [4.4.1]

            The certificate of mx.example.net cannot be trusted: it has another name. The recipient's domain forbids delivery without that (MTA-STS). [4.7.5]
            mx.example.net の証明書を信頼できません（別の名前の証明書）。受信者のドメインの MTA-STS ポリシーが、そのままの配送を禁じています。 [4.7.5]
        "#]]
        .assert_eq(&format!(
            "{}\n{}",
            told(EnhancedStatusCode::new(4, 4, 1), rests),
            told(EnhancedStatusCode::new(4, 7, 5), distrusted)
        ));
    }
}
