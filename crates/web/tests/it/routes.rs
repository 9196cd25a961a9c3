//! `/v3/routes`.

use serde_json::json;

use crate::site::{KEY, SENDING_KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";

async fn create(site: &Site, priority: i64, expression: &str, action: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("priority", &priority.to_string())
        .append_pair("description", "for the test")
        .append_pair("expression", expression)
        .append_pair("action", action);
    let answer = site.post("/v3/routes", &form.finish()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["route"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_route_lives_in_the_documented_shapes() {
    let site = Site::open().await;
    let body = "priority=10&description=Sample+route&expression=match_recipient(%22alice%40example.org%22)\
        &action=forward(%22http%3A%2F%2Fmyhost.com%2Fmessages%2F%22)&action=stop()";
    let answer = site.post("/v3/routes", body).await;
    assert_eq!(answer.status, 200);
    let id = answer.json()["route"]["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let mut route = json!({
        "id": id, "priority": 10, "description": "Sample route",
        "expression": "match_recipient(\"alice@example.org\")",
        "actions": ["forward(\"http://myhost.com/messages/\")", "stop()"],
        "created_at": "Mon, 06 Jul 2026 09:00:00 GMT",
    });
    assert_eq!(answer.json(), json!({"message": "Route has been created", "route": route}));
    let path = format!("/v3/routes/{id}");
    assert_eq!(site.get(&path).await.json(), json!({"route": route}));
    assert_eq!(site.get("/v3/routes").await.json(), json!({"total_count": 1, "items": [route]}));
    assert_eq!(
        site.get("/v3/routes/match?address=Alice%40example.org").await.json(),
        json!({"route": route})
    );
    assert_eq!(site.get("/v3/routes/match?address=bob%40example.org").await.message(), "Route not found");

    let multipart = "--b\r\nContent-Disposition: form-data; name=\"priority\"\r\n\r\n3\r\n--b--\r\n";
    let answer =
        site.request("PUT", &path, KEY, "multipart/form-data; boundary=b", multipart.as_bytes()).await;
    route["priority"] = json!(3);
    let mut flat = route.clone();
    flat["message"] = json!("Route has been updated");
    flat["route"] = route.clone();
    assert_eq!(answer.json(), flat);
    let answer = site.request("PUT", &path, KEY, FORM, b"actions=store(),+stop()").await;
    assert_eq!(answer.json()["actions"], json!(["store()", "stop()"]));

    // One client sends a body of no parts with every DELETE.
    let answer = site.request("DELETE", &path, KEY, "multipart/form-data; boundary=b", b"--b--\r\n").await;
    assert_eq!(answer.json(), json!({"message": "Route has been deleted", "id": id}));
    for method in ["GET", "PUT", "DELETE"] {
        let answer = site.request(method, &path, KEY, FORM, b"").await;
        assert_eq!((answer.status, answer.message()), (404, "Route not found".to_owned()), "{method}");
    }
    assert_eq!(site.get("/v3/routes").await.json(), json!({"total_count": 0, "items": []}));
}

#[tokio::test]
async fn lists_come_in_the_order_in_which_routes_are_asked() {
    let site = Site::open().await;
    for (priority, name) in [(5, "a"), (0, "b"), (5, "c"), (-1, "d")] {
        create(&site, priority, &format!("match_recipient('{name}@example.org')"), "stop()").await;
    }
    let names = |answer: serde_json::Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["expression"].as_str().unwrap().chars().skip(17).take(1).collect())
            .collect()
    };
    let all = names(site.get("/v3/routes").await.json());
    assert_eq!((&*all[0], &*all[1]), ("d", "b"));
    let answer = site.get("/v3/routes?limit=2&skip=1").await.json();
    assert_eq!(answer["total_count"], 4);
    assert_eq!(names(answer), all[1..3]);
    assert_eq!(names(site.get("/v3/routes?skip=9").await.json()), Vec::<String>::new());
    let answer = site.get("/v3/routes?limit=1001").await;
    assert_eq!(
        (answer.status, answer.message()),
        (400, "The 'limit' parameter can't be larger than 1000".to_owned())
    );
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let site = Site::open().await;
    let long = format!("expression=match_recipient('{}')&action=stop()", "a".repeat(4096));
    for (body, message) in [
        ("action=stop()", "expression parameter is missing"),
        ("expression=catch_all()", "action parameter is missing"),
        ("expression=catch_all()&action=", "action parameter is missing"),
        ("expression=catch_all(&action=stop()", "invalid expression: a string is expected, not the end"),
        (
            "expression=match_recipient('(')&action=stop()",
            "invalid expression: the pattern '(': missing ), unterminated subpattern",
        ),
        (
            "expression=catch_all()&action=drop()",
            "invalid action: there is no action 'drop': only forward, store and stop",
        ),
        ("expression=catch_all()&action=stop()&priority=high", "priority: `high` is not a whole number"),
        (&long, "expression is longer than 4 KB"),
    ] {
        let answer = site.post("/v3/routes", body).await;
        assert_eq!((answer.status, answer.message().as_str()), (400, message), "{body}");
    }
    for key in [SENDING_KEY, "key-unknown"] {
        for (method, path) in [
            ("GET", "/v3/routes"),
            ("POST", "/v3/routes"),
            ("GET", "/v3/routes/match?address=a@b.org"),
            ("DELETE", "/v3/routes/x"),
        ] {
            let answer = site.request(method, path, key, FORM, b"").await;
            assert_eq!((answer.status, answer.body.as_str()), (401, "Forbidden"), "{method} {path}");
        }
    }
    assert_eq!(site.get("/v3/routes/match").await.message(), "address parameter is missing");
}

#[tokio::test]
async fn texts_come_back_to_the_letter() {
    let site = Site::open().await;
    let expression =
        r#"  match_recipient( "^chris\+(.*)@example.org$" )  AND not match_header('x', "it's") "#;
    let action = r#" forward( "http://h/\g<1>?a=1,2 , b@example.net" ) "#;
    let id = create(&site, 0, expression, action).await;
    let route = site.get(&format!("/v3/routes/{id}")).await.json()["route"].clone();
    assert_eq!(route["expression"], json!(expression));
    assert_eq!(route["actions"], json!([action]));
}
