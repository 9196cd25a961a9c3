/// Recipients of whom we say something else, with the reason.
const DIFFERING: &[(&str, &str)] = &[
    ("maildir/bsd/lhost-dragonfly-17.eml 0", "“On hold” is no word that receivers use; what is left is a rejected recipient address"),
    ("maildir/bsd/lhost-exim-30.eml 0", "“Access denied” at RCPT is a rule about the recipient, and says not that there is none"),
    ("maildir/bsd/lhost-exim-37.eml 0", "the domain that does not exist is the sender's"),
    ("maildir/bsd/lhost-exim-44.eml 0", "it has a status of 5.0.0 and no reply"),
    ("maildir/bsd/lhost-exim-46.eml 0", "the reply names the missing reverse DNS: that can be put right"),
    ("maildir/bsd/lhost-exim-58.eml 0", "a line is too long, not the message"),
    ("maildir/bsd/lhost-ezweb-02.eml 0", "it tells of two recipients with different words; the first is unknown"),
    ("maildir/bsd/lhost-mfilter-04.eml 0", "Exchange Online says so of recipients that its directory lacks"),
    ("maildir/bsd/lhost-postfix-49.eml 0", "421 without a reason: the receiver is not available"),
    ("maildir/bsd/lhost-postfix-50.eml 0", "421 without a reason: the receiver is not available"),
    ("maildir/bsd/lhost-postfix-54.eml 0", "“Access denied” with 5.7.1 does not say that it is about the sender"),
    ("maildir/bsd/lhost-postfix-74.eml 0", "Yahoo documents TSS04 as a deferral for volume and complaints"),
    ("maildir/bsd/lhost-postfix-77.eml 0", "an unverified sender's address is about the sender"),
    ("maildir/bsd/lhost-sendmail-11.eml 0", "the status is 4.4.7, delivery time expired"),
    ("maildir/bsd/rfc3464-01.eml 0", "the Diagnostic-Code says user unknown"),
    ("maildir/bsd/rfc3464-06.eml 0", "the part for programs is broken, and no words are left"),
    ("maildir/bsd/rfc3464-35.eml 0", "the recipient is said not to be registered: that is no mailbox"),
    ("maildir/bsd/rfc3464-35.eml 1", "the part for programs is broken; the replies stand in another order"),
    ("maildir/bsd/rhost-franceptt-07.eml 0", "“service refused, try later” with 421 is the receiver's trouble"),
    ("maildir/bsd/rhost-franceptt-12.eml 0", "the client host is rejected: that is the sending address"),
    ("maildir/bsd/rhost-mimecast-02.eml 0", "a spam signature, as Mimecast calls it, is no virus"),
    ("maildir/bsd/rhost-nttdocomo-02.eml 0", "the reply says unknown user"),
    ("maildir/bsd/rhost-spectrum-01.eml 0", "“sender rejected” with a code that only the provider's page explains"),
    ("maildir/bsd/rhost-yahooinc-02.eml 0", "Yahoo documents TSS04 as a deferral for volume and complaints"),
    ("maildir/dos/rfc3464-01.eml 0", "the Diagnostic-Code says user unknown"),
];

/// Notifications that tell of no failure as we read them, with the reason.
const SILENT: &[(&str, &str)] = &[
    ("maildir/bsd/lhost-amazonses-09.eml", "a notification in JSON that a web service put into a message"),
    ("maildir/bsd/lhost-fml-02.eml", "a mailing list answers one who is not a member; nothing was sent back"),
    ("maildir/bsd/lhost-fml-03.eml", "a mailing list answers that it saw this Message-ID before"),
    ("maildir/bsd/lhost-x1-02.eml", "its boundary cannot be read, and nothing but the message itself is left"),
];
