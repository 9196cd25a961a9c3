//! The API on a free port of loopback over a store in a temporary folder, for trying clients by hand:
//! `cargo run -p tegami-web --example serve [DOMAIN]…`. It prints its URL and an API key, delivers nothing, and ends with its standard input.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use tegami_dns::ZoneResolver;
use tegami_mail::{Clock, Domain};
use tegami_queue::{
    Accounts, Control, DkimKeys, Domains, Intake, IntakeSettings, KeyRing, NoMailboxes, SignerSource,
    SystemClock,
};
use tegami_store::{ApiKeyScope, Embedded, IdSource, KeyFolder, Store};
use tegami_web::{Rooms, Settings};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let mut domains: Vec<Domain> = names.iter().map(|name| Domain::parse(name)).collect::<Result<_, _>>()?;
    if domains.is_empty() {
        domains.push(Domain::parse("example.org")?);
    }
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), tegami_store::Options::default())?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let hostname = Domain::parse("mail.example.org")?;
    let ring = Arc::new(KeyRing::default());
    let intake = Intake::new(
        Arc::clone(&store),
        IntakeSettings::new(hostname.clone()),
        Arc::clone(&ring) as Arc<dyn SignerSource>,
        Arc::new(NoMailboxes),
        Arc::clone(&clock),
        Arc::new(IdSource::default()),
        Arc::new(Control::default()),
    );
    let accounts = Arc::new(Accounts::new(Arc::clone(&store), Arc::clone(&clock))?);
    let (key, _) = accounts.create_api_key("by hand", ApiKeyScope::Account).await?;
    let domains = Arc::new(Domains::new(Arc::clone(&store), Arc::clone(&clock), domains));
    let folder_of_keys = KeyFolder::open(&folder.path().join("keys"))?;
    let keys = DkimKeys::new(Arc::clone(&store), folder_of_keys, Arc::clone(&clock), ring, Vec::new());
    let resolver = Arc::new(ZoneResolver::from_text("")?);
    let rooms = Rooms::new(store, domains, Arc::new(keys), accounts, Arc::new(intake), resolver, clock);
    let settings = Settings { open_on_loopback: true, ..Settings::new(hostname) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "http://{}\n{key}", listener.local_addr()?)?;
    let shutdown = async {
        let mut octet = [0];
        while matches!(tokio::io::stdin().read(&mut octet).await, Ok(1..)) {}
    };
    tegami_web::serve(listener, tegami_web::router(settings, rooms), shutdown).await?;
    Ok(())
}
