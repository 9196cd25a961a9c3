//! No function above 100 lines, no file above 800 lines of code.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::source::RustFile;

const FUNCTION: usize = 100;
const FILE: usize = 800;

/// Measures every file.
///
/// # Errors
/// A file that is not Rust.
pub(crate) fn check(files: &[RustFile]) -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    for file in files {
        let name = file.path.display();
        let code = code_lines(&file.text);
        if code > FILE {
            broken.push(format!("{name}: {code} lines of code; split it ({FILE} at most)"));
        }
        let parsed = syn::parse_file(&file.text).map_err(|error| format!("{name}: {error}"))?;
        let mut functions = Functions::default();
        functions.visit_file(&parsed);
        for (function, line, lines) in functions.long {
            broken.push(format!("{name}:{line}: `{function}` has {lines} lines ({FUNCTION} at most)"));
        }
    }
    Ok(broken)
}

/// Lines that are neither blank nor comment.
fn code_lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[derive(Default)]
struct Functions {
    long: Vec<(String, usize, usize)>,
}

impl Functions {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (begin, end) = (signature.span().start().line, block.span().end().line);
        let lines = end + 1 - begin;
        if lines > FUNCTION {
            self.long.push((signature.ident.to_string(), begin, lines));
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.measure(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_long_functions_and_files() {
        let body = "    let _ = 1;\n".repeat(FUNCTION);
        let file =
            RustFile { path: "long.rs".into(), text: format!("fn long() {{\n{body}}}\nfn short() {{}}\n") };
        let broken = check(&[file]).unwrap();
        assert_eq!(broken, ["long.rs:1: `long` has 102 lines (100 at most)"]);
        let file = RustFile { path: "large.rs".into(), text: "const _: u8 = 1;\n".repeat(FILE + 1) };
        assert_eq!(check(&[file]).unwrap().len(), 1);
    }
}
