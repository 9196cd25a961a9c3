//! The identifier of a mailing list, with its name.

use tegami_mail::mailbox_list::write_named;

#[test]
fn a_name_stands_as_a_phrase() {
    for (name, expected) in [
        ("", "<l.example.org>"),
        ("Tea lovers", "Tea lovers <l.example.org>"),
        ("Tea, \"green\"", "\"Tea, \\\"green\\\"\" <l.example.org>"),
        ("Tea <x.example.net>", "\"Tea <x.example.net>\" <l.example.org>"),
        ("お茶, 緑", "=?UTF-8?B?44GK6Iy2LCDnt5E=?= <l.example.org>"),
    ] {
        assert_eq!(write_named(name, "l.example.org", "List-Id: ".len()), expected);
    }
}
