//! What a domain has to publish, beside what the servers of its zone say.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_auth::dmarc::Policy as DmarcPolicy;
use tegami_auth::finding::Operation;
use tegami_dns::{Data, DnsName, Resolver};
use tegami_doctor::plan::export::{self, FORMATS, Format, Scope};
use tegami_doctor::plan::look::{Said, Standing, standing};
use tegami_doctor::plan::pointer::{self, PROVIDERS, Provider};
use tegami_doctor::plan::zones::Zones;
use tegami_doctor::plan::{By, Plan, Planned, Stage, Wishes, draw};
use tegami_words::Language;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::Named;
use super::input::Asked;
use crate::domain::{Facts, wishes};
use crate::error::{ApiError, good};
use crate::gate::Tongue;
use crate::house::{House, Shared};
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(plan)).routes(routes!(written))
}

/// What is wished beyond what is set for the domain.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wish {
    /// The DMARC policy, at least: `none`, `quarantine`, `reject`, or `next` for one stage further than it is; as it is, unless it is said.
    pub(crate) dmarc: Option<String>,
    /// Who gave out the addresses of this server, for the text of the request: `ec2`, `gcp`, `azure`, `hetzner`, `digitalocean`, `linode`,
    /// `vultr`, `ovh`, `sakura`; `other`, unless it is said.
    pub(crate) ptr_at: Option<String>,
}

/// Which sets are written.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The DMARC policy, as for the plan.
    pub(crate) dmarc: Option<String>,
    /// Only what changes.
    pub(crate) changes: bool,
}

/// One record of a set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlannedRecord {
    /// Its data; of a TXT record the text itself.
    pub(crate) value: String,
    /// The whole record as a line of a zone file: a text of more than 255 octets stands there in several strings.
    pub(crate) line: String,
    /// `add`, `delete`; `null` for what stays.
    #[schema(value_type = Option<String>)]
    pub(crate) op: Option<Operation>,
}

/// What one server says of a set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ServerSaid {
    /// The server of the zone; `resolver` where the zone's servers are not known.
    pub(crate) server: String,
    /// The records there, each as `value`; `null` where it did not say.
    pub(crate) records: Option<Vec<String>>,
    /// It shows the set as planned.
    pub(crate) fits: bool,
    /// Why it did not say.
    pub(crate) error: Option<String>,
}

/// All records of one type at one name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlannedSet {
    /// With the dot at the end.
    pub(crate) name: String,
    /// `TXT`, `MX`, `A` …
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// How long it may be kept, in seconds.
    pub(crate) ttl: u64,
    /// What it is for: `mail`, `host`, `spf`, `key`, `dmarc` …
    pub(crate) purpose: Vec<&'static str>,
    /// Who can publish it: `owner` of the domain, `provider` of the address, or the domain whose owner can.
    pub(crate) by: String,
    /// How it stands: `ok`, `missing`, `different`, `extra` (all of it is there, and more), `pending` (published, not shown by everybody yet),
    /// `unknown` (nobody said).
    pub(crate) standing: &'static str,
    /// How many seconds resolvers may still tell what was there before.
    pub(crate) pending_seconds: Option<u64>,
    /// Its records, those that go first.
    pub(crate) records: Vec<PlannedRecord>,
    /// What each server of the zone says.
    pub(crate) servers: Vec<ServerSaid>,
}

/// The file that tells senders how to treat the TLS of the mail host (RFC 8461). This server serves it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PolicyFile {
    /// Where senders look for it.
    pub(crate) url: String,
    /// Its text.
    pub(crate) text: String,
}

/// A sentence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Sentence {
    /// Which one.
    pub(crate) id: String,
    /// In the reader's language.
    pub(crate) text: String,
}

/// A plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DomainPlan {
    /// Whose.
    pub(crate) domain: String,
    /// When the DNS was asked.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// The owner of the domain has something to change.
    pub(crate) changes: bool,
    /// The sets, in the order of their purposes.
    pub(crate) sets: Vec<PlannedSet>,
    /// DNS lookups that an evaluation of the planned SPF record takes; 10 are allowed (RFC 7208 section 4.6.4).
    pub(crate) spf_lookups: Option<u32>,
    /// The policy about TLS, where one is served.
    pub(crate) policy: Option<PolicyFile>,
    /// How to ask for PTR records that are not there.
    pub(crate) requests: Vec<Sentence>,
    /// What has to be known about it.
    pub(crate) notes: Vec<Sentence>,
}

/// A plan, and whom it was asked of.
struct Drawn {
    plan: Plan,
    wishes: Wishes,
    zones: Arc<Zones>,
}

impl House {
    async fn drawn(&self, name: &str, dmarc: Option<&str>) -> Result<Drawn, ApiError> {
        let domain = self.known_domain(name).await?;
        let facts = Facts::of(&domain, &self.rooms.domains, &self.rooms.keys).await?;
        let server = self.settings.sources.clone();
        let own = vec![DnsName::from(&domain), DnsName::from(&server.hostname)];
        let wishes = Wishes {
            dmarc: dmarc.map(stage).transpose()?,
            ..wishes(domain, server, facts, self.settings.offers.clone())
        };
        let beneath = Arc::clone(&self.rooms.resolver);
        let zones = Arc::new(Zones::new(beneath, Vec::new(), own, !self.settings.asks_zones));
        let resolver = Arc::clone(&zones) as Arc<dyn Resolver>;
        let plan = draw(&wishes, &resolver, self.rooms.clock.now()).await;
        Ok(Drawn { plan, wishes, zones })
    }

    /// What a domain has to publish, and what is there.
    pub(crate) async fn plan(
        &self,
        name: &str,
        wish: &Wish,
        language: Language,
    ) -> Result<DomainPlan, ApiError> {
        let word = wish.ptr_at.as_deref().unwrap_or(Provider::OTHER.as_str());
        let provider = Provider::from_word(word).ok_or_else(|| {
            let all = PROVIDERS.map(Provider::as_str).join(", ");
            ApiError::bad(format!("`ptr_at` is one of {all}"))
        })?;
        let Drawn { plan, wishes, zones } = self.drawn(name, wish.dmarc.as_deref()).await?;
        // What goes and is not there is no work for anybody.
        let sets = plan.sets.iter().filter(|set| !set.after.is_empty() || set.changes());
        let sets = join_all(sets.map(|set| told(set, &zones))).await;
        let requests = pointer::requests(&plan, &wishes, provider);
        let say = |note: &tegami_mail::Note| Sentence {
            id: note.id.to_owned(),
            text: tegami_words::note(language, note),
        };
        Ok(DomainPlan {
            at: self.rooms.clock.now(),
            changes: plan.own_changes().next().is_some(),
            sets,
            spf_lookups: plan.spf.map(|cost| cost.lookups),
            policy: plan.policy.as_ref().map(|text| PolicyFile {
                url: format!("https://mta-sts.{}/.well-known/mta-sts.txt", plan.domain),
                text: text.clone(),
            }),
            requests: requests.iter().map(say).collect(),
            notes: plan.notes.iter().map(say).collect(),
            domain: plan.domain.to_string(),
        })
    }

    /// The plan of a domain in the words of those who publish it, and the name of the file.
    pub(crate) async fn written_plan(
        &self,
        name: &str,
        format: &str,
        which: &Which,
    ) -> Result<(String, String), ApiError> {
        let known = FORMATS.into_iter().find(|(_, word)| *word == format);
        let (format, word) = known.ok_or_else(|| ApiError::NotFound("There is no such format".to_owned()))?;
        let Drawn { plan, zones, .. } = self.drawn(name, which.dmarc.as_deref()).await?;
        let name = DnsName::from(&plan.domain);
        let zone = zones.of(&name).await.map_or(name, |zone| zone.apex.clone());
        let scope = if which.changes { Scope::Changes } else { Scope::Everything };
        let ending = match format {
            Format::Zone => "zone",
            Format::Route53 => "json",
            Format::Terraform | Format::TerraformMap => "tf",
            Format::Nsupdate => "txt",
        };
        let part = if which.changes { "-changes" } else { "" };
        let file = format!("{}-{word}{part}.{ending}", plan.domain);
        Ok((file, export::export(&plan, &zone, format, scope)))
    }
}

fn stage(word: &str) -> Result<Stage, ApiError> {
    Ok(match word {
        "none" => Stage::AtLeast(DmarcPolicy::None),
        "quarantine" => Stage::AtLeast(DmarcPolicy::Quarantine),
        "reject" => Stage::AtLeast(DmarcPolicy::Reject),
        "next" => Stage::Next,
        _ => return Err(ApiError::bad("`dmarc` is one of none, quarantine, reject, next")),
    })
}

async fn told(set: &Planned, zones: &Zones) -> PlannedSet {
    let said = zones.said(&set.name, set.kind).await;
    let kept = zones.kept(&set.name, set.kind).await;
    let stands = standing(&set.after, &said, kept.as_ref().map(|(data, left)| (data.as_slice(), *left)));
    let record = |(op, data): (Option<Operation>, &Data)| PlannedRecord {
        value: export::plain(data),
        line: export::line(set, data),
        op,
    };
    PlannedSet {
        name: format!("{}.", set.name),
        kind: set.kind.to_string(),
        ttl: set.ttl.as_secs(),
        purpose: set.purposes.iter().map(|purpose| purpose.as_str()).collect(),
        by: match &set.by {
            By::Owner => "owner".to_owned(),
            By::Provider => "provider".to_owned(),
            By::Other(domain) => domain.to_string(),
        },
        standing: stands.as_str(),
        pending_seconds: match &stands {
            Standing::Pending { until, .. } => until.as_ref().map(Duration::as_secs),
            _ => None,
        },
        records: set.records().into_iter().map(record).collect(),
        servers: said.iter().map(|said| server(set, said)).collect(),
    }
}

fn server(set: &Planned, said: &Said) -> ServerSaid {
    let records = said.data.as_ref().ok();
    ServerSaid {
        server: said.server.clone(),
        fits: records.is_some_and(|data| tegami_doctor::plan::same(data, &set.after)),
        records: records.map(|data| data.iter().map(export::plain).collect()),
        error: said.data.as_ref().err().map(ToString::to_string),
    }
}

/// What a domain has to publish, and what each server of its zone says of it. The DNS is asked at once.
#[utoipa::path(
    get, path = "/api/domains/{name}/plan", tag = "domains", operation_id = "domain_plan",
    params(("name" = String, Path, description = "The domain"), Wish),
    responses((status = 200, body = DomainPlan), Named)
)]
async fn plan(
    State(house): State<Shared>,
    Segments(name): Segments<String>,
    Asked(wish): Asked<Wish>,
    Tongue(language): Tongue,
) -> Result<Response, ApiError> {
    Ok(good(&house.plan(&name, &wish, language).await?))
}

/// The same in the words of those who publish it: `zone` (a zone file), `route53` (a change batch), `terraform`, `terraform-map`, `nsupdate`.
#[utoipa::path(
    get, path = "/api/domains/{name}/plan/{format}", tag = "domains", operation_id = "domain_plan_written",
    params(("name" = String, Path, description = "The domain"), ("format" = String, Path, description = "The format"), Which),
    responses((status = 200, body = String, content_type = "text/plain"), Named)
)]
async fn written(
    State(house): State<Shared>,
    Segments((name, format)): Segments<(String, String)>,
    Asked(which): Asked<Which>,
) -> Result<Response, ApiError> {
    Ok(download(house.written_plan(&name, &format, &which).await?))
}

/// A text to keep as a file.
pub(crate) fn download((file, text): (String, String)) -> Response {
    let fields = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
    ];
    (fields, text).into_response()
}
