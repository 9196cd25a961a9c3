//! What the routes do with a message for one recipient, and why.

use std::sync::Arc;

use serde::Serialize;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Address, Note, note};

use super::action::{Action, Destination};
use super::expression::Expression;
use super::pattern::{Caught, Pattern};
use super::table::{Route, RouteTable, Rule};

/// Fields of one name that are looked at.
const MOST_FIELDS: usize = 50;

/// Octets of a stranger's words in a step.
const LONGEST: usize = 120;

/// The header section as conditions see it: unfolded, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of a content, with fields of ours put before it.
    pub fn of(content: &[u8], ours: &[(&str, String)]) -> Self {
        let mut fields: Vec<_> =
            ours.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        if let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) {
            let named = section.fields().iter().filter(|field| !field.name.is_empty());
            fields.extend(named.map(|field| (field.name.to_owned(), field.decoded())));
        }
        Self(fields)
    }

    /// The values of the fields of this name, uppermost first.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let named = self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// Whether a route may want mail to an address, before its content is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No route does.
    No,
    /// Whether one does depends on the header section.
    Perhaps,
    /// One does, whatever the content.
    Surely,
}

/// An address that a configured route sends a message on to. Only evaluating a route makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    address: Address,
}

impl Forward {
    /// Where it goes.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send it on.
    Forward(Forward),
    /// Post it to a URL.
    Post(String),
    /// Keep it, for whoever asks for it.
    Store,
    /// Tell a URL where it is kept.
    Notify(String),
}

/// A route that matched, as events tell of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Matched {
    /// Its expression.
    pub expression: String,
    /// Its identifier.
    pub id: String,
}

/// How a route ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteOutcome {
    /// It matched, and acted.
    Matched,
    /// It did not match.
    Unmatched,
    /// It was not asked: a better one had said `stop()`.
    Unasked,
}

/// Why a route did what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteSteps {
    /// The route.
    pub id: String,
    /// Its priority.
    pub priority: i64,
    /// Its expression.
    pub expression: String,
    /// How it ended.
    pub outcome: RouteOutcome,
    /// The conditions that decided.
    pub why: Vec<Note>,
    /// What was done.
    pub does: Vec<Note>,
}

/// What the routes do with a message for one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// What is to be done, each thing once, in the order of the routes.
    pub orders: Vec<Order>,
    /// The routes that matched.
    pub matched: Vec<Matched>,
    /// Every route, in the order in which it was asked.
    pub steps: Vec<RouteSteps>,
}

/// Three values: the header section may not be known yet, or a pattern takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Unknown,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// What conditions are asked about.
struct Asked<'a> {
    /// The recipient in lower case.
    recipient: String,
    fields: Option<&'a Fields>,
    /// Whether a better route matched, and which.
    better: Truth,
    best: Option<String>,
}

impl RouteTable {
    /// Whether a route may want mail to this address.
    pub fn reach(&self, recipient: &Address) -> Reach {
        let mut asked = Asked::new(recipient, None);
        let mut reach = Reach::No;
        for rule in &self.rules {
            match asked.holds(&rule.expression, &mut Vec::new(), &mut Caught::default()) {
                Truth::Yes => return Reach::Surely,
                Truth::Unknown => {
                    reach = Reach::Perhaps;
                    asked.better = Truth::Unknown;
                }
                Truth::No => {}
            }
        }
        reach
    }

    /// The first route that may want mail to this address, whatever its header section.
    pub fn first_for(&self, recipient: &Address) -> Option<&Route> {
        let asked = Asked::new(recipient, None);
        let holds = |rule: &&Arc<Rule>| {
            asked.holds(&rule.expression, &mut Vec::new(), &mut Caught::default()) == Truth::Yes
        };
        self.rules.iter().find(holds).map(|rule| &rule.route)
    }

    /// What the routes do with a message of this header section for this recipient.
    pub fn evaluate(&self, recipient: &Address, fields: &Fields) -> Evaluation {
        let mut asked = Asked::new(recipient, Some(fields));
        let mut evaluation = Evaluation::default();
        let mut stopped_by: Option<&Route> = None;
        for Rule { route, expression, actions } in self.rules.iter().map(AsRef::as_ref) {
            let mut steps = RouteSteps {
                id: route.id.clone(),
                priority: route.priority,
                expression: route.expression.clone(),
                outcome: RouteOutcome::Unmatched,
                why: Vec::new(),
                does: Vec::new(),
            };
            if let Some(by) = stopped_by {
                steps.outcome = RouteOutcome::Unasked;
                steps.why.push(note!("route-step-stopped", route = by.id));
                evaluation.steps.push(steps);
                continue;
            }
            let mut caught = Caught::default();
            if asked.holds(expression, &mut steps.why, &mut caught) == Truth::Yes {
                steps.outcome = RouteOutcome::Matched;
                asked.better = Truth::Yes;
                asked.best.get_or_insert_with(|| route.id.clone());
                evaluation
                    .matched
                    .push(Matched { expression: route.expression.clone(), id: route.id.clone() });
                for action in actions {
                    if matches!(action, Action::Stop) {
                        stopped_by = Some(route);
                    }
                    evaluation.act(action, (recipient, &caught), &mut steps.does);
                }
            }
            evaluation.steps.push(steps);
        }
        evaluation
    }
}

impl Evaluation {
    fn act(&mut self, action: &Action, (recipient, caught): (&Address, &Caught), does: &mut Vec<Note>) {
        match action {
            Action::Forward(destinations) => {
                for destination in destinations {
                    does.push(self.forward(destination, recipient, caught));
                }
            }
            Action::Store(notify) => {
                self.order(Order::Store);
                does.push(note!("route-does-store"));
                if let Some(url) = notify {
                    let url = url.expand(caught);
                    does.push(note!("route-does-notify", url = url));
                    self.order(Order::Notify(url));
                }
            }
            Action::Stop => does.push(note!("route-does-stop")),
        }
    }

    fn forward(&mut self, destination: &Destination, recipient: &Address, caught: &Caught) -> Note {
        match destination {
            Destination::Url(url) => {
                let url = url.expand(caught);
                let told = note!("route-does-post", url = url);
                self.order(Order::Post(url));
                told
            }
            Destination::Address(template) => match template.expand(caught) {
                Ok(address) if same(&address, recipient) => note!("route-does-loop", address = address),
                Ok(address) => {
                    let told = note!("route-does-forward", address = address);
                    self.order(Order::Forward(Forward { address }));
                    told
                }
                Err(why) => note!("route-does-nothing", why = bounded(&why)),
            },
        }
    }

    /// Each thing is done once, whoever wants it.
    fn order(&mut self, order: Order) {
        let known = |known: &Order| match (known, &order) {
            (Order::Forward(known), Order::Forward(forward)) => known.address == forward.address,
            (known, order) => known == order,
        };
        if !self.orders.iter().any(known) {
            self.orders.push(order);
        }
    }
}

/// Whether two addresses are one to us: upper and lower case are the same here.
fn same(one: &Address, other: &Address) -> bool {
    one.host() == other.host() && one.local_part().as_str().eq_ignore_ascii_case(other.local_part().as_str())
}

impl<'a> Asked<'a> {
    fn new(recipient: &Address, fields: Option<&'a Fields>) -> Self {
        Self { recipient: recipient.to_string().to_lowercase(), fields, better: Truth::No, best: None }
    }

    fn holds(&self, expression: &Expression, steps: &mut Vec<Note>, caught: &mut Caught) -> Truth {
        match expression {
            Expression::Or(terms) => {
                let mut truth = Truth::No;
                for term in terms {
                    match self.holds(term, steps, caught) {
                        Truth::Yes => return Truth::Yes,
                        Truth::Unknown => truth = Truth::Unknown,
                        Truth::No => {}
                    }
                }
                truth
            }
            Expression::And(terms) => {
                let before = caught.clone();
                let mut truth = Truth::Yes;
                for term in terms {
                    match self.holds(term, steps, caught) {
                        Truth::Yes => {}
                        Truth::Unknown => truth = Truth::Unknown,
                        Truth::No => {
                            *caught = before;
                            return Truth::No;
                        }
                    }
                }
                truth
            }
            Expression::Not(term) => self.holds(term, steps, &mut Caught::default()).not(),
            Expression::Recipient(pattern) => self.recipient(pattern, steps, caught),
            Expression::Header(name, pattern) => self.header(name, pattern, steps),
            Expression::CatchAll => {
                steps.push(match &self.best {
                    Some(best) => note!("route-step-caught", route = best),
                    None => note!("route-step-catch-all"),
                });
                self.better.not()
            }
        }
    }

    fn recipient(&self, pattern: &Pattern, steps: &mut Vec<Note>, caught: &mut Caught) -> Truth {
        let (value, wanted) = (bounded(&self.recipient), bounded(pattern.as_str()));
        match pattern.matches(&self.recipient) {
            Ok(Some(found)) => {
                // Of several, the first one that catches something counts.
                if !caught.has_groups() {
                    *caught = found;
                }
                steps.push(note!("route-step-recipient", value = value, pattern = wanted));
                Truth::Yes
            }
            Ok(None) => {
                steps.push(note!("route-step-recipient-not", value = value, pattern = wanted));
                Truth::No
            }
            Err(_) => {
                steps.push(note!("route-step-too-hard", pattern = wanted));
                Truth::Unknown
            }
        }
    }

    fn header(&self, name: &str, pattern: &Pattern, steps: &mut Vec<Note>) -> Truth {
        let Some(fields) = self.fields else { return Truth::Unknown };
        let wanted = bounded(pattern.as_str());
        let mut count = 0_usize;
        for value in fields.all(name).take(MOST_FIELDS) {
            count += 1;
            match pattern.matches(value) {
                Ok(Some(_)) => {
                    let value = bounded(value);
                    steps.push(note!("route-step-header", name = name, value = value, pattern = wanted));
                    return Truth::Yes;
                }
                Ok(None) => {}
                Err(_) => {
                    steps.push(note!("route-step-too-hard", pattern = wanted));
                    return Truth::Unknown;
                }
            }
        }
        steps.push(match count {
            0 => note!("route-step-header-absent", name = name),
            _ => note!("route-step-header-not", name = name, count = count, pattern = wanted),
        });
        Truth::No
    }
}

fn bounded(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match shown.get(..shown.floor_char_boundary(LONGEST)) {
        Some(head) if head.len() < shown.len() => format!("{head}…"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn table(routes: &[(i64, &str, &[&str])]) -> RouteTable {
        let route = |(place, (priority, expression, actions)): (usize, &(i64, &str, &[&str]))| Route {
            id: format!("{place:024}"),
            priority: *priority,
            description: String::new(),
            expression: (*expression).to_owned(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        RouteTable::of(routes.iter().enumerate().map(route)).unwrap()
    }

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    const CONTENT: &[u8] = b"Subject: =?utf-8?q?a_supp=C3=B6rt?=\r\n request\r\nX-Tag: one\r\nx-tag: two\r\n\r\nX-Tag: three\r\n";

    /// What is ordered for a recipient of a message with two fields.
    fn check(routes: &[(i64, &str, &[&str])], recipient: &str, expected: &str) {
        let ours = [("X-Mailgun-Sflag", "Yes".to_owned())];
        let evaluation = table(routes).evaluate(&address(recipient), &Fields::of(CONTENT, &ours));
        let tell = |order: &Order| match order {
            Order::Forward(forward) => forward.address().to_string(),
            Order::Post(url) => url.clone(),
            Order::Store => "store".to_owned(),
            Order::Notify(url) => format!("notify {url}"),
        };
        let told: Vec<_> = evaluation.orders.iter().map(tell).collect();
        assert_eq!(told.join(" "), expected, "{:#?}", evaluation.steps);
    }

    fn holds(expression: &str, recipient: &str, expected: bool) {
        check(&[(0, expression, &["store()"])], recipient, if expected { "store" } else { "" });
    }

    #[test]
    fn documented_conditions_hold() {
        holds("match_recipient('bob@example.org')", "bob@example.org", true);
        holds("match_recipient('bob@example.org')", "Bob@Example.ORG", true);
        holds("match_recipient('bob@example.org')", "bobby@example.org", false);
        holds("match_recipient('.*@example.org')", "anyone@example.org", true);
        holds(r"match_recipient('^chris\+(.*)@example.com$')", "chris+x@example.com", true);
        holds(r"match_recipient('^chris\+(.*)@example.com$')", "chris@example.com", false);
        holds("match_header('subject', '.*support')", "a@example.org", false);
        holds("match_header('SUBJECT', '.*supp.rt request')", "a@example.org", true);
        holds("match_header('x-tag', 'two')", "a@example.org", true);
        holds("match_header('x-tag', 'three')", "a@example.org", false);
        holds("match_header('x-tag', 'TWO')", "a@example.org", false);
        holds("match_header('x-tag', '(?i)TWO')", "a@example.org", true);
        holds("match_header('X-Mailgun-Sflag', 'Yes')", "a@example.org", true);
        holds("not match_header('x-none', '')", "a@example.org", true);
        holds("match_recipient('a') and not match_header('x-tag', 'one')", "a@example.org", false);
        holds(
            "match_recipient('b') or match_recipient('a') and match_header('x-tag', 'one')",
            "a@example.org",
            true,
        );
        holds("catch_all()", "a@example.org", true);
    }

    #[test]
    fn better_routes_come_first_and_may_stop_the_others() {
        let a = "match_recipient('a')";
        check(&[(1, a, &["store()"]), (0, a, &["forward('http://h/')"])], "a@example.org", "http://h/ store");
        check(
            &[(0, a, &["forward('http://h/1')"]), (0, a, &["forward('http://h/2')"])],
            "a@example.org",
            "http://h/1 http://h/2",
        );
        check(&[(0, a, &["stop()", "store()"]), (1, a, &["forward('http://h/')"])], "a@example.org", "store");
        check(&[(-1, a, &["stop()"]), (0, "catch_all()", &["store()"])], "b@example.org", "store");
        check(
            &[(0, a, &["store()"]), (1, "catch_all()", &["forward('http://h/')"])],
            "a@example.org",
            "store",
        );
        check(
            &[(0, "catch_all()", &["store()"]), (1, a, &["forward('http://h/')"])],
            "a@example.org",
            "store http://h/",
        );
        check(
            &[(0, a, &["store()"]), (1, a, &["store(notify='http://h/')"])],
            "a@example.org",
            "store notify http://h/",
        );
    }

    #[test]
    fn captures_are_those_of_the_condition_that_held() {
        let forward: &[&str] = &[r"forward('box+\1@x.org')"];
        check(&[(0, "match_recipient('(.*)@')", forward)], "Info@example.org", "box+info@x.org");
        check(
            &[(0, "match_recipient('(.)x') or match_recipient('(.)n')", forward)],
            "info@example.org",
            "box+i@x.org",
        );
        check(
            &[(0, "match_recipient('info') and match_recipient('i(..)')", forward)],
            "info@example.org",
            "box+nf@x.org",
        );
        check(
            &[(0, "match_recipient('(i)') and match_recipient('x') or match_recipient('i(n)')", forward)],
            "info@example.org",
            "box+n@x.org",
        );
        check(
            &[(0, "not match_recipient('(x)') and match_recipient('(in)')", forward)],
            "info@example.org",
            "box+in@x.org",
        );
    }

    #[test]
    fn a_route_to_itself_is_cut() {
        let forward: &[&str] = &["forward('Info@example.org, other@example.org, Other@example.net')"];
        check(&[(0, "catch_all()", forward)], "info@example.org", "other@example.org Other@example.net");
    }

    #[test]
    fn what_is_known_before_the_content() {
        let reach = |expression: &str| {
            let routes: [(i64, &str, &[&str]); 2] =
                [(0, expression, &["store()"]), (1, "match_recipient('never')", &["stop()"])];
            table(&routes).reach(&address("info@example.org"))
        };
        assert_eq!(reach("match_recipient('info')"), Reach::Surely);
        assert_eq!(reach("match_recipient('sales')"), Reach::No);
        assert_eq!(reach("match_header('subject', '')"), Reach::Perhaps);
        assert_eq!(reach("match_header('subject', '') and match_recipient('sales')"), Reach::No);
        assert_eq!(reach("match_header('subject', '') or match_recipient('info')"), Reach::Surely);
        assert_eq!(reach("not match_header('subject', '')"), Reach::Perhaps);
        assert_eq!(reach("catch_all()"), Reach::Surely);
        let both: [(i64, &str, &[&str]); 2] =
            [(0, "match_header('a', '')", &["stop()"]), (1, "catch_all()", &["stop()"])];
        assert_eq!(table(&both).reach(&address("info@example.org")), Reach::Perhaps);
    }

    #[test]
    fn a_pattern_that_never_ends_matches_nothing() {
        let recipient = format!("{}@example.org", "a".repeat(60));
        let evil = r"match_recipient('(?:(a|aa)(?!b))*\1c')";
        holds(evil, &recipient, false);
        holds(&format!("not {evil}"), &recipient, false);
    }

    #[test]
    fn every_route_tells_why() {
        let routes: [(i64, &str, &[&str]); 3] = [
            (0, "match_recipient('sales')", &["store()"]),
            (
                1,
                "match_recipient('info') and match_header('x-tag', 'two')",
                &["forward('a@x.org')", "stop()"],
            ),
            (2, "catch_all()", &["store()"]),
        ];
        let steps = table(&routes).evaluate(&address("info@example.org"), &Fields::of(CONTENT, &[])).steps;
        let told: Vec<String> = steps
            .iter()
            .map(|step| {
                let ids = step.why.iter().chain(&step.does).map(|note| note.id);
                format!("{:?} {}", step.outcome, ids.collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(
            told,
            [
                "Unmatched route-step-recipient-not",
                "Matched route-step-recipient route-step-header route-does-forward route-does-stop",
                "Unasked route-step-stopped",
            ]
        );
    }
}
