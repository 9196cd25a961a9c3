//! Templates in the Handlebars language, as Mailgun's clients write it: `if` with `else if`, `unless`, `each`, `with`, the block helper `equal`, and sections without a
//! helper (`{{#items}}`).
//!
//! A template is written by a customer and filled by another. It reads no file, knows no partials, and has an end: what it nests, how often it goes round and what it
//! writes have bounds.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperDef, HelperResult, JsonRender, JsonTruthy, Output,
    RenderContext, RenderError, RenderErrorReason, Renderable, Template,
};
use serde_json::{Map, Value};

/// Why a template says nothing. The fault is its author's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderFault {
    /// It is not in the language.
    #[error("the template cannot be read: {0}")]
    Malformed(String),
    /// It asks for something that is not there.
    #[error("the template cannot be rendered: {0}")]
    Failed(String),
}

/// How far a block may stand within others, an `else if` within its chain, a value within others.
const DEEPEST: usize = 50;
/// Parts that all renderings of one request may go through within loops.
const MOST_STEPS: i64 = 2_000_000;
/// Longest text that one rendering writes, in octets.
const LONGEST: usize = 8 << 20;

/// The helper that stands at the beginning of every loop's body.
const STEP: &str = "tegami-step";
/// The helper that a section without one is given.
const SECTION: &str = "tegami-section";
/// What the language has, as far as it may begin a block.
const BLOCKS: [&str; 6] = ["if", "unless", "each", "with", "raw", "equal"];

/// Texts that belong together, read once and rendered often.
pub(crate) struct Renderer {
    escaping: Handlebars<'static>,
    plain: Handlebars<'static>,
}

impl Renderer {
    /// Without any text.
    pub(crate) fn new() -> Self {
        let left = Arc::new(AtomicI64::new(MOST_STEPS));
        let mut plain = registry(&left);
        plain.register_escape_fn(handlebars::no_escape);
        Self { escaping: registry(&left), plain }
    }

    /// Takes an HTML text under a name: values are made fit for HTML.
    pub(crate) fn add_html(&mut self, name: &str, text: &str) -> Result<(), RenderFault> {
        self.escaping.register_template(name, read(text)?);
        Ok(())
    }

    /// Takes a text that is no HTML, such as a subject.
    pub(crate) fn add_plain(&mut self, name: &str, text: &str) -> Result<(), RenderFault> {
        self.plain.register_template(name, read(text)?);
        Ok(())
    }

    /// The text of this name with these values in their places; `None` where no text has it.
    pub(crate) fn render(
        &self,
        name: &str,
        variables: &Map<String, Value>,
    ) -> Result<Option<String>, RenderFault> {
        let registry = [&self.escaping, &self.plain].into_iter().find(|one| one.has_template(name));
        let Some(registry) = registry else { return Ok(None) };
        let failed = |error: RenderError| RenderFault::Failed(error.reason().to_string());
        let context = Context::wraps(variables).map_err(failed)?;
        let mut page = Page(Vec::new());
        registry.render_with_context_to_write(name, &context, &mut page).map_err(failed)?;
        Ok(Some(String::from_utf8_lossy(&page.0).into_owned()))
    }
}

/// Whether it is in the language.
pub(crate) fn check(text: &str) -> Result<(), RenderFault> {
    read(text).map(|_| ())
}

/// What is written, up to its longest length.
struct Page(Vec<u8>);

impl io::Write for Page {
    fn write(&mut self, text: &[u8]) -> Result<usize, io::Error> {
        if self.0.len() + text.len() > LONGEST {
            return Err(io::Error::other(format!("it writes more than {} MiB", LONGEST >> 20)));
        }
        self.0.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> Result<(), io::Error> {
        Ok(())
    }
}

fn registry(left: &Arc<AtomicI64>) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.register_helper("equal", Box::new(Equal));
    registry.register_helper(STEP, Box::new(Step { left: Arc::clone(left) }));
    registry.register_helper(SECTION, Box::new(Section));
    // Nobody reads what a customer's template writes into our log.
    registry.register_helper("log", Box::new(Silent));
    registry
}

fn read(text: &str) -> Result<Template, RenderFault> {
    check_depth(text)?;
    let mut template = Template::compile(text).map_err(|error| {
        let place =
            error.pos().map(|(line, column)| format!("line {line}, column {column}: ")).unwrap_or_default();
        // What the grammar would have liked to see there are names that nobody knows.
        let reason = error.reason().to_string();
        let reason = reason.split(": expected").next().unwrap_or_default();
        RenderFault::Malformed(format!("{place}{reason}"))
    })?;
    prepare(&mut template)?;
    Ok(template)
}

/// The crate's parser calls itself for what is nested; so it is looked at before.
fn check_depth(text: &str) -> Result<(), RenderFault> {
    let too_deep = || RenderFault::Malformed(format!("blocks and values are nested deeper than {DEEPEST}"));
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let end = if after.starts_with("!--") { "--}}" } else { "}}" };
        let (tag, behind) = after.split_once(end).unwrap_or((after, ""));
        rest = behind;
        let tag = tag.trim_start_matches(['{', '~']).trim_start();
        if tag.starts_with('!') {
            continue;
        }
        if nesting(tag) > DEEPEST {
            return Err(too_deep());
        }
        let chained = tag
            .strip_prefix("else")
            .is_some_and(|more| !more.trim_matches(['~', ' ', '\t', '\r', '\n']).is_empty());
        if tag.starts_with(['#', '^']) || chained && open.is_empty() {
            open.push(1);
            depth += 1;
        } else if chained {
            if let Some(last) = open.last_mut() {
                *last += 1;
            }
            depth += 1;
        } else if tag.starts_with('/') {
            depth -= open.pop().unwrap_or_default().min(depth);
        }
        if depth > DEEPEST {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// How deep parentheses, brackets and braces stand within each other at most.
fn nesting(tag: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for byte in tag.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Puts the counter into loops, gives sections their helper, and refuses what would take in other texts. Gives back how many parts a rendering without loops has.
fn prepare(template: &mut Template) -> Result<usize, RenderFault> {
    let mut parts = template.elements.len();
    for element in &mut template.elements {
        match element {
            TemplateElement::HelperBlock(block) => parts += prepare_block(block)?,
            TemplateElement::PartialExpression(_)
            | TemplateElement::PartialBlock(_)
            | TemplateElement::DecoratorExpression(_)
            | TemplateElement::DecoratorBlock(_) => {
                return Err(RenderFault::Malformed("partials and decorators are not served".to_owned()));
            }
            _ => {}
        }
    }
    Ok(parts)
}

fn prepare_block(block: &mut HelperTemplate) -> Result<usize, RenderFault> {
    let name = block.name.as_name().unwrap_or_default().to_owned();
    let section = !BLOCKS.contains(&name.as_str());
    if section && block.params.is_empty() {
        let unknown = || RenderFault::Malformed(format!("`{name}` is no value"));
        block.params = vec![Parameter::parse(&name).map_err(|_| unknown())?];
        block.name = Parameter::Name(SECTION.to_owned());
    } else if section {
        return Err(RenderFault::Malformed(format!("there is no helper `{name}` for blocks")));
    }
    let inner = block.template.as_mut().map(prepare).transpose()?.unwrap_or_default();
    let other = block.inverse.as_mut().map(prepare).transpose()?.unwrap_or_default();
    if (section || name == "each")
        && let Some(body) = &mut block.template
    {
        let counter = Template::compile(&format!("{{{{{STEP} {inner}}}}}"));
        let counter = counter.map_err(|error| RenderFault::Malformed(error.to_string()))?;
        body.elements.splice(0..0, counter.elements);
        body.mapping.splice(0..0, counter.mapping);
    }
    Ok(inner + other)
}

/// Counts the parts that loops go through.
struct Step {
    left: Arc<AtomicI64>,
}

impl HelperDef for Step {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> HelperResult {
        let parts = helper.param(0).and_then(|value| value.value().as_i64()).unwrap_or(1).max(1);
        if self.left.fetch_sub(parts, Ordering::Relaxed) < parts {
            return Err(RenderErrorReason::Other("its loops go round too often".to_owned()).into());
        }
        Ok(())
    }
}

/// `{{#equal a b}}…{{else}}…{{/equal}}`: whether two values read the same.
struct Equal;

impl HelperDef for Equal {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let text = |at| helper.param(at).map(|value| value.value().render()).unwrap_or_default();
        let chosen = if text(0) == text(1) { helper.template() } else { helper.inverse() };
        chosen.map_or(Ok(()), |template| template.render(registry, context, render, out))
    }
}

/// `{{#value}}…{{/value}}`: for each member of a list, with the members of an object, else if there is such a value.
struct Section;

impl HelperDef for Section {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(value) = helper.param(0) else { return Ok(()) };
        if !value.value().is_truthy(false) {
            return helper.inverse().map_or(Ok(()), |other| other.render(registry, context, render, out));
        }
        let Some(body) = helper.template() else { return Ok(()) };
        let members: Vec<(Option<String>, &Value)> = match value.value() {
            Value::Array(list) => {
                list.iter().enumerate().map(|(at, one)| (Some(at.to_string()), one)).collect()
            }
            object @ Value::Object(_) => vec![(None, object)],
            _ => return body.render(registry, context, render, out),
        };
        for (place, member) in members {
            let mut block = BlockContext::new();
            match value.context_path() {
                Some(path) => {
                    block.base_path_mut().clone_from(path);
                    block.base_path_mut().extend(place);
                }
                None => block.set_base_value(member.clone()),
            }
            render.push_block(block);
            let rendered = body.render(registry, context, render, out);
            render.pop_block();
            rendered?;
        }
        Ok(())
    }
}

struct Silent;

impl HelperDef for Silent {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> HelperResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn render(text: &str, variables: &Value) -> Result<String, String> {
        let mut renderer = Renderer::new();
        renderer.add_html("x", text).map_err(|fault| fault.to_string())?;
        let rendered = renderer.render("x", variables.as_object().unwrap());
        rendered.map(Option::unwrap).map_err(|fault| fault.to_string())
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let variables = json!({
            "name": "太郎 <t&t>", "n": 1, "yes": true, "no": false, "empty": [], "list": ["a", "b"],
            "order": {"id": 17, "items": [{"what": "tea", "price": "4"}, {"what": "cake", "price": "5"}]},
        });
        assert_eq!(render(text, &variables).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn the_language() {
        check(
            "Hi {{name}} {{{name}}} {{missing}}{{order.id}}{{order.none.deep}}",
            "Hi 太郎 &lt;t&amp;t&gt; 太郎 <t&t> 17",
        );
        check(
            "{{#if yes}}a{{else}}b{{/if}}{{#if no}}a{{else}}b{{/if}}{{#if empty}}a{{/if}}{{#unless no}}c{{/unless}}",
            "abc",
        );
        check("{{#if no}}a{{else if empty}}b{{else if n}}c{{else}}d{{/if}}", "c");
        check(
            "{{#each order.items}}{{@index}}:{{what}}={{price}}{{#unless @last}}, {{/unless}}{{/each}}",
            "0:tea=4, 1:cake=5",
        );
        check("{{#each list}}{{this}}{{../n}}{{/each}}{{#each empty}}x{{else}}none{{/each}}", "a1b1none");
        check("{{#with order}}{{id}}{{/with}}", "17");
        check(
            "{{#equal n \"1\"}}same{{else}}other{{/equal}} {{#equal name 'x'}}same{{else}}other{{/equal}}",
            "same other",
        );
        check(
            "{{#list}}<{{this}}>{{/list}}{{#order}}{{id}}{{/order}}{{#yes}}y{{/yes}}{{#missing}}m{{else}}-{{/missing}}",
            "<a><b>17y-",
        );
        check("{{! a comment }}{{!-- {{#if --}}100% %recipient.x%", "100% %recipient.x%");
        check("{{log \"x\"}}", "");
    }

    #[test]
    fn nothing_is_taken_in_from_elsewhere() {
        let refused = |text: &str| render(text, &json!({})).unwrap_err();
        assert!(
            refused("{{> /etc/passwd}}").starts_with("the template cannot be read"),
            "{}",
            refused("{{> /etc/passwd}}")
        );
        assert!(refused("{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}").contains("partials"));
        assert!(refused("{{#if x}}").starts_with("the template cannot be read"));
        assert!(refused("{{#nobody knows}}{{/nobody}}").contains("no helper `nobody`"));
        assert!(refused("{{nobody knows}}").starts_with("the template cannot be rendered"));
    }

    #[test]
    fn everything_has_an_end() {
        let list: Vec<u32> = (0..2000).collect();
        let variables = json!({"a": list, "long": "x".repeat(16 << 10)});
        let refused = |text: &str| render(text, &variables).unwrap_err();
        let thrice =
            "{{#each a}}{{#each ../a}}{{#each ../../a}}{{#if no}}x{{/if}}{{/each}}{{/each}}{{/each}}";
        assert!(refused(thrice).contains("too often"), "{}", refused(thrice));
        assert!(refused("{{#a}}{{#../a}}{{/../a}}{{/a}}").starts_with("the template"));
        assert!(refused("{{#each a}}{{../long}}{{/each}}").contains("more than 8 MiB"));
        let deep = format!("{}x{}", "{{#if a}}".repeat(10_000), "{{/if}}".repeat(10_000));
        assert!(refused(&deep).contains("deeper than 50"));
        let chain = format!("{{{{#if b}}}}{}{{{{/if}}}}", "{{else if b}}".repeat(10_000));
        assert!(refused(&chain).contains("deeper than 50"));
        for open in ["(a ", "[1,", "{a=", "{\"a\":"] {
            assert!(refused(&format!("{{{{a {}", open.repeat(5_000))).contains("deeper than 50"), "{open}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(
            text: String,
            near in "(\\{\\{\\{?[#/^~!>&*]?(if|each|else|else if|with|equal|a|b|@index|this|\\.\\.)?( a| \"x\"| \\(a b\\)| as \\|x\\|)?~?\\}?\\}\\}|x|\\\\|\\{\\{\\{\\{raw\\}\\}\\}\\}){0,12}",
        ) {
            let variables = json!({"a": [1, {"b": "<"}], "b": {"a": null}});
            let _ = render(&text, &variables);
            let _ = render(&near, &variables);
        }
    }
}
