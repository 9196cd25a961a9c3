//! What pure rooms must not name: sockets, clocks, files, tasks, and `async`. Libraries that bring such things are looked for in
//! [`super::arrows`]; this is about the standard library, and about libraries that are harmless but for one function. Of the rooms that act,
//! some must not read a clock either.

use std::path::Path;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::source::RustFile;
use super::{Purity, arrows};

/// The ends of paths that read a clock.
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
/// Rooms that act, but are told the time: the simulation stops it and moves it on. Each has one file that may read a clock.
const TOLD_THE_TIME: &[(&str, &str)] = &[("queue", "clock.rs"), ("outbound", "moment.rs")];
/// The beginnings of paths that lead to the world.
const WORLD: &[&str] = &[
    "tokio",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::net::Tcp",
    "std::net::Udp",
    "std::os::unix::net",
];

/// Looks through the rooms that the table of `ARCHITECTURE.md` calls pure, tests left out.
///
/// # Errors
/// When the table cannot be read, or a file is not Rust.
pub(crate) fn check(root: &Path, files: &[RustFile]) -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    for (room, purity) in arrows::purities(root)? {
        let clock = TOLD_THE_TIME.iter().find(|(told, _)| *told == room).map(|(_, clock)| *clock);
        if purity == Purity::Acts && clock.is_none() {
            continue;
        }
        let source = Path::new("crates").join(room).join("src");
        for file in
            files.iter().filter(|file| file.path.starts_with(&source) && !file.path.ends_with("tests.rs"))
        {
            if clock.is_some_and(|clock| file.path.ends_with(clock)) {
                continue;
            }
            broken.extend(look(file, purity)?);
        }
    }
    Ok(broken)
}

fn look(file: &RustFile, purity: Purity) -> Result<Vec<String>, String> {
    let name = file.path.display();
    let parsed = syn::parse_file(&file.text).map_err(|error| format!("{name}: {error}"))?;
    let mut names = Names { purity, found: Vec::new() };
    names.visit_file(&parsed);
    Ok(names
        .found
        .into_iter()
        .map(|(line, what)| format!("{name}:{line}: no `{what}` in this room"))
        .collect())
}

struct Names {
    purity: Purity,
    found: Vec<(usize, String)>,
}

impl Names {
    fn path(&mut self, path: &str, line: usize) {
        let reads_clock = CLOCKS.iter().any(|clock| path.ends_with(clock));
        let closed = self.purity != Purity::Acts;
        if reads_clock || closed && WORLD.iter().any(|world| path.starts_with(world)) {
            self.found.push((line, path.to_owned()));
        }
    }

    fn imports(&mut self, before: &str, tree: &syn::UseTree) {
        let below = |name: &syn::Ident| format!("{before}{name}");
        match tree {
            syn::UseTree::Path(path) => self.imports(&format!("{}::", below(&path.ident)), &path.tree),
            syn::UseTree::Name(name) => self.path(&below(&name.ident), name.span().start().line),
            syn::UseTree::Rename(name) => self.path(&below(&name.ident), name.span().start().line),
            syn::UseTree::Glob(glob) => self.path(before, glob.span().start().line),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.imports(before, tree)),
        }
    }

    fn concurrent(&mut self, line: usize) {
        if self.purity == Purity::Pure {
            self.found.push((line, "async".to_owned()));
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => item.attrs.as_slice(),
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.imports("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.path(&segments.join("::"), path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if signature.asyncness.is_some() {
            self.concurrent(signature.span().start().line);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.concurrent(block.span().start().line);
        visit::visit_expr_async(self, block);
    }
}

/// `#[cfg(test)]`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident("test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(purity: Purity, text: &str) -> Vec<String> {
        look(&RustFile { path: "a.rs".into(), text: text.to_owned() }, purity).unwrap()
    }

    #[test]
    fn finds_clocks_files_sockets_and_tasks() {
        let broken = found(
            Purity::Pure,
            "use std::{fs, net::{IpAddr, TcpStream}};\nasync fn a() { Instant::now(); }\nfn b() -> tokio::Handle {}\n",
        );
        assert_eq!(
            broken,
            [
                "a.rs:1: no `std::fs` in this room",
                "a.rs:1: no `std::net::TcpStream` in this room",
                "a.rs:2: no `async` in this room",
                "a.rs:2: no `Instant::now` in this room",
                "a.rs:3: no `tokio::Handle` in this room",
            ]
        );
    }

    #[test]
    fn tests_may_and_some_rooms_may_wait() {
        let text = "async fn a(at: Instant) {}\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert!(found(Purity::Waits, text).is_empty());
        assert_eq!(found(Purity::Pure, text), ["a.rs:1: no `async` in this room"]);
    }

    #[test]
    fn rooms_that_are_told_the_time_read_no_clock() {
        let text = "use std::fs;\nasync fn a() { tokio::time::Instant::now(); }\n";
        assert_eq!(found(Purity::Acts, text), ["a.rs:2: no `tokio::time::Instant::now` in this room"]);
    }
}
