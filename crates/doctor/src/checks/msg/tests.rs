//! What fixes and evidence say.

use tegami_mail::header;

/// Our own composer keeps a value in its field, whatever somebody writes into a form.
#[test]
fn our_composer_refuses_what_would_break_out_of_a_field() {
    for value in
        ["tea\r\nBcc: eve@example.org", "tea\nBcc: eve@example.org", "tea\rBcc: x", "tea\n folded", "a\0b"]
    {
        assert!(header::write("Subject", value).is_err(), "{value:?}");
    }
    let written = header::write("Subject", "tea%0aBcc: eve@example.org").unwrap();
    assert_eq!(written.iter().filter(|octet| **octet == b'\n').count(), 1);
}
