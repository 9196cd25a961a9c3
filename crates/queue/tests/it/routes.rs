//! Routes in the store: changes at the same time, and how many there may be.

use std::sync::Arc;

use tegami_queue::route::{NewRoute, RouteChange, RouteError, Routes};
use tegami_store::{Embedded, Options, Store, Table};

use crate::desk::start;

fn new() -> NewRoute {
    NewRoute {
        expression: "catch_all()".to_owned(),
        actions: vec!["stop()".to_owned()],
        ..NewRoute::default()
    }
}

#[tokio::test]
async fn no_change_is_lost_to_another_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let (store, routes) = (store.as_ref(), Routes::default());
    let id = routes.create(store, new(), start()).await.unwrap().id;
    let described = RouteChange { description: Some("for all".to_owned()), ..RouteChange::default() };
    let (one, other) = tokio::join!(
        routes.update(store, &id, RouteChange { priority: Some(7), ..RouteChange::default() }),
        routes.update(store, &id, described),
    );
    assert!(one.is_ok() && other.is_ok());
    let table = routes.table(store).await.unwrap();
    let route = table.route(&id).unwrap();
    assert_eq!((route.priority, route.description.as_str()), (7, "for all"));
    let (removed, changed) =
        tokio::join!(routes.remove(store, &id), routes.update(store, &id, RouteChange::default()));
    assert!(removed.is_ok() && matches!(changed, Err(RouteError::NotFound)));
    assert_eq!(routes.table(store).await.unwrap().routes().len(), 0);
}

#[tokio::test]
async fn there_are_not_endlessly_many() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let (store, routes) = (store.as_ref(), Routes::default());
    let first = routes.create(store, new(), start()).await.unwrap();
    let more = (1..5000).map(|number| {
        let route = tegami_queue::route::Route { id: format!("{number:024x}"), ..first.clone() };
        (route.id.clone(), serde_json::to_value(route).unwrap())
    });
    store.put(Table::Routes, more.collect()).await.unwrap();
    let refused = routes.create(store, new(), start()).await.unwrap_err();
    assert_eq!(refused.to_string(), "this server has at most 5000 routes");
    routes.remove(store, &first.id).await.unwrap();
    routes.create(store, new(), start()).await.unwrap();
}
