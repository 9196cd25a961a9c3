//! A plan in the words of those who publish it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tegami_dns::{Data, DnsName};

use super::{By, Plan, Planned};

/// Which sets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the plan, as they shall be.
    Everything,
    /// Those that change.
    Changes,
}

/// In which words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines of a master file (RFC 1035 section 5).
    Zone,
    /// A change batch for `aws route53 change-resource-record-sets`.
    Route53,
    /// Terraform, with Route 53.
    Terraform,
    /// Terraform's values for any provider: a map of sets.
    TerraformMap,
    /// A script for `nsupdate` (RFC 2136).
    Nsupdate,
}

/// All formats, with their words.
pub const FORMATS: [(Format, &str); 5] = [
    (Format::Zone, "zone"),
    (Format::Route53, "route53"),
    (Format::Terraform, "terraform"),
    (Format::TerraformMap, "terraform-map"),
    (Format::Nsupdate, "nsupdate"),
];

/// The plan for one zone: the sets at and below its name. What others have to publish is left out; in a zone file it stands as comments.
pub fn export(plan: &Plan, zone: &DnsName, format: Format, scope: Scope) -> String {
    let sets: Vec<&Planned> = in_zone(plan, zone, scope).collect();
    match format {
        Format::Zone => zone_file(plan, zone, &sets),
        Format::Route53 => format!("{:#}\n", change_batch(&sets)),
        Format::Terraform => terraform(zone, &sets),
        Format::TerraformMap => terraform_map(&sets),
        Format::Nsupdate => nsupdate(zone, &sets),
    }
}

/// The sets of one zone that its owner publishes, about which it is known what there is.
pub fn in_zone<'p>(plan: &'p Plan, zone: &'p DnsName, scope: Scope) -> impl Iterator<Item = &'p Planned> {
    plan.sets.iter().filter(move |set| {
        let wanted = scope == Scope::Everything || set.changes();
        // What goes and is not there needs no line.
        let nothing = set.after.is_empty() && !set.changes();
        wanted && !nothing && set.by == By::Owner && set.before.is_some() && set.name.is_within(zone)
    })
}

/// One set as lines of a master file.
pub fn lines(set: &Planned) -> impl Iterator<Item = String> {
    set.after.iter().map(|data| line(set, data))
}

/// One record of a set as a line of a master file: a text longer than 255 octets in several strings.
pub fn line(set: &Planned, data: &Data) -> String {
    format!("{} {} IN {} {data}", absolute(&set.name), set.ttl.as_secs(), set.kind)
}

fn absolute(name: &DnsName) -> String {
    format!("{name}.")
}

fn zone_file(plan: &Plan, zone: &DnsName, sets: &[&Planned]) -> String {
    let mut text = String::new();
    for set in sets {
        for line in lines(set) {
            text += &line;
            text.push('\n');
        }
        for gone in set.before.iter().flatten().filter(|data| !super::contains(&set.after, data)) {
            let _ = writeln!(text, "; - {} {} {gone}", absolute(&set.name), set.kind);
        }
    }
    let others = plan.sets.iter().filter(|set| set.by != By::Owner || !set.name.is_within(zone));
    for line in others.flat_map(lines) {
        let _ = writeln!(text, "; {line}");
    }
    text
}

/// A change batch (Route 53 API, `ChangeBatch`): a set is replaced as a whole.
pub fn change_batch(sets: &[&Planned]) -> Value {
    let changes: Vec<Value> = sets.iter().map(|set| change(set)).collect();
    json!({"Comment": "Tegami", "Changes": changes})
}

fn change(set: &Planned) -> Value {
    // Route 53 deletes what it is told word for word.
    let (action, data) = match set.after.as_slice() {
        [] => ("DELETE", set.before.as_deref().unwrap_or_default()),
        after => ("UPSERT", after),
    };
    let records: Vec<Value> = data.iter().map(|data| json!({"Value": data.to_string()})).collect();
    json!({
        "Action": action,
        "ResourceRecordSet": {
            "Name": absolute(&set.name),
            "Type": set.kind.to_string(),
            "TTL": set.ttl.as_secs(),
            "ResourceRecords": records,
        },
    })
}

/// A word that Terraform takes for a name: letters, digits and low lines.
fn label(set: &Planned) -> String {
    let text = format!("{}_{}", set.name, set.kind).to_lowercase();
    let word: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    // A name begins with a letter or a low line.
    if word.starts_with(|first: char| first.is_ascii_digit()) { format!("_{word}") } else { word }
}

/// A string of Terraform's language: `${` and `%{` would begin templates.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

/// The records as the AWS provider takes them: it puts the outermost quotation marks of a text itself.
fn aws_records(set: &Planned) -> Vec<String> {
    let bare = |data: &Data| match (data, data.to_string()) {
        (Data::Txt(_), text) => {
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            quoted(&inner.unwrap_or(&text).replace("\" \"", "\"\""))
        }
        (_, text) => quoted(&text),
    };
    set.after.iter().map(bare).collect()
}

fn terraform(zone: &DnsName, sets: &[&Planned]) -> String {
    let mut text =
        format!("data \"aws_route53_zone\" \"zone\" {{\n  name = {}\n}}\n", quoted(&absolute(zone)));
    for set in sets.iter().filter(|set| !set.after.is_empty()) {
        let records = aws_records(set).join(",\n    ");
        let _ = write!(
            text,
            "\nresource \"aws_route53_record\" \"{}\" {{\n  zone_id = data.aws_route53_zone.zone.zone_id\n  name    = {}\n  type    = \"{}\"\n  ttl     = {}\n  records = [\n    {records},\n  ]\n  allow_overwrite = true\n}}\n",
            label(set),
            quoted(set.name.as_str()),
            set.kind,
            set.ttl.as_secs(),
        );
    }
    text
}

fn terraform_map(sets: &[&Planned]) -> String {
    let mut text = "locals {\n  tegami_records = {\n".to_owned();
    for set in sets.iter().filter(|set| !set.after.is_empty()) {
        let records: Vec<String> = set.after.iter().map(|data| quoted(&plain(data))).collect();
        let _ = writeln!(
            text,
            "    {} = {{ name = {}, type = \"{}\", ttl = {}, records = [{}] }}",
            label(set),
            quoted(&absolute(&set.name)),
            set.kind,
            set.ttl.as_secs(),
            records.join(", "),
        );
    }
    text + "  }\n}\n"
}

/// A text without quotation marks, anything else as in master files: what consoles of DNS providers take.
pub fn plain(data: &Data) -> String {
    match data {
        Data::Txt(text) => String::from_utf8_lossy(text).into_owned(),
        data => data.to_string(),
    }
}

fn nsupdate(zone: &DnsName, sets: &[&Planned]) -> String {
    let mut text = format!("zone {}\n", absolute(zone));
    for set in sets {
        let _ = writeln!(text, "update delete {} IN {}", absolute(&set.name), set.kind);
        for line in lines(set) {
            let _ = writeln!(text, "update add {line}");
        }
    }
    text + "send\n"
}
