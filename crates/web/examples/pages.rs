//! Serves the pages over a store with messages in every state: `cargo run -p tegami-web --example pages`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example for people at a terminal")]

#[path = "../tests/it/theatre.rs"]
mod theatre;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let theatre = theatre::Theatre::open(folder.path()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}/", listener.local_addr().unwrap());
    let ids = [theatre.delivered, theatre.bounced, theatre.notification, theatre.waiting, theatre.hostile];
    for id in ids {
        println!("http://{}/messages/{id}", listener.local_addr().unwrap());
    }
    let router = theatre.router(theatre.settings());
    tegami_web::serve(listener, router, std::future::pending()).await.unwrap();
}
