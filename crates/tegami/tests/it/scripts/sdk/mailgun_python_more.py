"""The rest of the client for Python: what an account is made of."""

import json

from facts import domain, facts

JSON = {"Content-Type": "application/json"}


def cases(client, good, refused, queued):
    def templates():
        data = {
            "name": "Welcome",
            "description": "for new people",
            "template": "<p>{{greeting}} {{name}}{{#if vip}} ★{{/if}}</p>",
            "tag": "v1",
            "engine": "handlebars",
            "comment": "the first",
        }
        made = good(client.templates.create(data=data, domain=domain))
        assert made["message"] == "template has been stored", made
        assert made["template"]["name"] == "welcome" and made["template"]["version"]["tag"] == "v1", made
        listed = good(client.templates.get(domain=domain, filters={"limit": 1}))
        assert [item["name"] for item in listed["items"]] == ["welcome"], listed
        shown = good(client.templates.get(domain=domain, filters={"active": "yes"}, template_name="welcome"))
        assert "{{greeting}}" in shown["template"]["version"]["template"], shown
        said = good(client.templates.put(data={"description": "x"}, domain=domain, template_name="welcome"))
        assert said == {"message": "template has been updated", "template": {"name": "welcome"}}, said
        data = {"tag": "v2", "template": "<p>{{name}}!</p>", "engine": "handlebars", "comment": "", "active": "no"}
        said = good(client.templates.create(data=data, domain=domain, template_name="welcome", versions=True))
        assert said["message"] == "new version of the template has been stored", said
        listed = good(client.templates.get(domain=domain, template_name="welcome", versions=True))
        assert [one["tag"] for one in listed["template"]["versions"]] == ["v1", "v2"], listed
        shown = good(client.templates.get(domain=domain, template_name="welcome", versions=True, tag="v2"))
        assert shown["template"]["version"]["active"] is False, shown
        data = {"comment": "Updated"}
        said = good(client.templates.put(data=data, domain=domain, template_name="welcome", versions=True, tag="v2"))
        assert said == {
            "message": "version has been updated",
            "template": {"name": "welcome", "version": {"tag": "v2"}},
        }, said
        said = good(
            client.templates.put(
                domain=domain,
                filters={"comment": "a copy"},
                template_name="welcome",
                versions=True,
                tag="v2",
                copy=True,
                new_tag="v3",
            )
        )
        assert said["message"] == "version has been copied", said
        letter = {
            "from": f"alice@{domain}",
            "to": "friend@receiver.test",
            "subject": "Hello",
            "template": "welcome",
            "t:variables": json.dumps({"name": "<Ann>", "vip": True}),
            "v:greeting": "こんにちは",
            "t:text": "yes",
        }
        sent = queued(client.messages.create(data=letter, domain=domain))
        gone = good(client.templates.delete(domain=domain, template_name="welcome", versions=True, tag="v2"))
        assert gone["message"] == "version has been deleted", gone
        assert good(client.templates.delete(domain=domain, template_name="welcome"))["message"] == (
            "template has been deleted"
        )
        refused(client.templates.get(domain=domain, template_name="welcome"), 404, "template not found")
        assert good(client.templates.delete(domain=domain))["message"] == "templates have been deleted"
        return sent

    def domains():
        name = "python.test"
        made = good(client.domains.create(data={"name": name}))
        assert made["message"] == "Domain DNS records have been created", made
        assert "receiving_dns_records" in made and "sending_dns_records" in made, made
        assert name in [item["name"] for item in good(client.domainlist.get())["items"]]
        assert good(client.domains.get(domain=name))["domain"]["state"] == "unverified"
        said = good(client.domains.put(data={"name": name, "spam_action": "tag"}, domain=name))
        assert said["message"] == "Domain has been updated" and said["domain"]["spam_action"] == "tag", said
        said = good(client.domains.put(domain=name, verify=True))
        assert said["message"] == "Domain DNS records have been updated", said

        pair = {"login": f"alice_bob@{name}", "password": "test_new_creds123"}
        said = good(client.domains_credentials.create(domain=name, data=pair))
        assert said["message"] == "Created 1 credentials pair(s)", said
        listed = good(client.domains_credentials.get(domain=name))
        assert f"alice_bob@{name}" in [item["login"] for item in listed["items"]], listed
        fresh = {"password": "test_new_creds12356"}
        said = good(client.domains_credentials.put(domain=name, data=fresh, login=f"alice_bob@{name}"))
        assert said["message"] == "Password changed", said
        said = good(client.domains_credentials.delete(domain=name, login=f"alice_bob@{name}"))
        assert said == {"message": "Credentials have been deleted", "spec": f"alice_bob@{name}"}, said
        assert "count" in good(client.domains_credentials.delete(domain=name))

        said = good(client.domains_connection.get(domain=name))
        assert (said["require_tls"], said["skip_verification"]) == (False, False), said
        said = good(client.domains_connection.put(domain=name, data={"require_tls": "true"}))
        assert said["message"].startswith("Domain connection settings have been updated, may take 10 minutes"), said
        tracking = good(client.domains_tracking.get(domain=name))["tracking"]
        assert set(tracking) >= {"open", "click", "unsubscribe"}, tracking
        footers = {"active": "yes", "html_footer": "\n<br>\n<p>x</p>\n", "text_footer": "\n\nx\n\n"}
        for endpoint, kind, data in [
            (client.domains_tracking_open, "open", {"active": "yes", "skip_verification": "false"}),
            (client.domains_tracking_click, "click", {"active": "yes"}),
            (client.domains_tracking_unsubscribe, "unsubscribe", footers),
        ]:
            said = good(endpoint.put(domain=name, data=data))
            assert said["message"] == "Domain tracking settings have been updated", said
            assert kind in said, said
        said = good(client.domains.delete(domain=name))
        assert said["message"] == "Domain will be deleted in the background", said
        refused(client.domains.get(domain=name), 404, "Domain not found")

    def keys():
        said = good(client.domains_dkimauthority.put(domain=domain, data={"self": "true"}))
        assert "changed" in said and "sending_dns_records" in said, said
        said = good(client.domains_webprefix.put(domain=domain, data={"web_prefix": "python"}))
        assert said["message"] == "Domain web prefix updated", said
        data = {"signing_domain": domain, "selector": "snake", "bits": "2048"}
        made = good(client.dkim_keys.create(data=data))
        assert made["selector"] == "snake", made
        refused(client.dkim_keys.create(data=data), 400, "failed to create domain key: duplicate key")
        torn = {**data, "selector": "torn", "pem": "lorem ipsum"}
        refused(client.dkim_keys.create(data=torn), 400, "failed to import domain key: failed to parse PEM")
        listed = good(client.dkim_keys.get(filters={"page": "string", "limit": "0", "signing_domain": domain}))
        assert "items" in listed, listed
        query = {"signing_domain": domain, "selector": "snake"}
        assert good(client.dkim_keys.delete(filters=query)) == {"message": "success"}

    def routes():
        data = {
            "priority": 0,
            "description": "Sample route",
            "expression": f"match_recipient('.*@{domain}')",
            "action": ["forward('http://203.0.113.9/messages/')", "stop()"],
        }
        made = good(client.routes.create(data=data))
        assert made["message"] == "Route has been created", made
        route = made["route"]["id"]
        assert made["route"]["actions"] == data["action"], made
        listed = good(client.routes.get(filters={"skip": 0, "limit": 1}))
        assert listed["total_count"] == 1 and listed["items"][0]["id"] == route, listed
        assert good(client.routes.get(route_id=route))["route"]["id"] == route
        said = good(client.routes.put(data={"priority": 2}, route_id=route))
        assert said["priority"] == 2 and said["message"] == "Route has been updated", said
        said = good(client.routes_match.get(filters={"address": f"x@{domain}"}))
        assert said["route"]["id"] == route, said
        assert good(client.routes.delete(route_id=route))["message"] == "Route has been deleted"
        refused(client.routes.get(route_id=route), 404, "Route not found")

    def webhooks():
        first, second = "http://203.0.113.9/a", "http://203.0.113.9/b"
        made = good(client.domains_webhooks.create(domain=domain, data={"id": "clicked", "url": [first]}))
        assert made == {"message": "Webhook has been created", "webhook": {"urls": [first]}}, made
        assert good(client.domains_webhooks.get(domain=domain))["webhooks"]["clicked"] == {"urls": [first]}
        shown = good(client.domains_webhooks.get(domain=domain, webhook_name="clicked"))
        assert shown == {"webhook": {"urls": [first]}}, shown
        data = [("url", first), ("url", second)]
        said = good(client.domains_webhooks.put(domain=domain, webhook_name="clicked", data=data))
        assert said == {"message": "Webhook has been updated", "webhook": {"urls": [first, second]}}, said
        said = good(client.domains_webhooks.delete(domain=domain, webhook_name="clicked"))
        assert said["message"] == "Webhook has been deleted", said

    def webhooks_by_url():
        url = "http://203.0.113.9/v4"
        data = {"url": url, "event_types": "opened,delivered"}
        made = good(client.domains_webhooks.create(domain=domain, data=data))
        assert set(made["webhooks"]) == {"opened", "delivered"}, made
        data = {"url": url, "event_types": "opened"}
        said = good(client.domains_webhooks.put(domain=domain, data=data))
        assert set(said["webhooks"]) == {"opened"}, said
        said = good(client.domains_webhooks.delete(domain=domain, filters={"url": url}))
        assert said["webhooks"] == {}, said

    def lists():
        address = f"python@{domain}"
        data = {"address": address, "description": "Mailgun developers list", "access_level": "readonly"}
        made = good(client.lists.create(domain=domain, data=data))
        assert made["message"] == "Mailing list has been created", made
        assert good(client.lists.get(domain=domain, address=address))["list"]["address"] == address
        assert address in [one["address"] for one in good(client.lists_pages.get())["items"]]
        said = good(client.lists.put(domain=domain, data={"description": "x"}, address=address))
        assert said["message"] == "Mailing list has been updated", said
        member = {
            "subscribed": True,
            "address": "bar@receiver.test",
            "name": "Bob Bar",
            "description": "Developer",
            "vars": json.dumps({"age": 26}),
        }
        said = good(client.lists_members.create(domain=domain, address=address, data=member))
        assert said["member"]["vars"] == {"age": 26}, said
        many = [{"address": "Alice <alice@receiver.test>", "vars": {"age": 26}}, {"name": "Bob", "address": "bob2@receiver.test"}]
        data = {"upsert": True, "members": json.dumps(many)}
        said = good(client.lists_members.create(domain=domain, address=address, data=data, multiple=True))
        assert said["message"] == "Mailing list has been updated" and said["list"]["members_count"] == 3, said
        data = {"subscribed": True, "name": "Foo Bar", "vars": json.dumps({"age": 36})}
        where = {"domain": domain, "address": address, "member_address": "bar@receiver.test"}
        assert good(client.lists_members.put(data=data, **where))["member"]["name"] == "Foo Bar"
        assert good(client.lists_members.get(**where))["member"]["vars"] == {"age": 36}
        assert len(good(client.lists_members_pages.get(domain=domain, address=address))["items"]) == 3
        assert good(client.lists_members.delete(**where))["message"] == "Mailing list member has been deleted"
        said = good(client.lists.delete(domain=domain, address=address))
        assert said == {"address": address, "message": "Mailing list has been removed"}, said

    def tags():
        items = good(client.tags.get(domain=domain))["items"]
        assert "tag 1" in [item["tag"] for item in items], items
        assert good(client.tags.get(domain=domain, tag_name="tag 1"))["tag"] == "tag 1"
        said = good(client.tags.put(domain=domain, tag_name="invoice", data={"description": "Python testtt"}))
        assert said["message"] == "Tag updated", said
        # A tag that nobody used is no error.
        good(client.tags.put(domain=domain, tag_name="name-unknown", data={"description": "x"}))
        counted = good(client.tags_stats.get(domain=domain, filters={"event": "accepted"}, tag_name="invoice"))
        assert counted["tag"] == "invoice" and counted["stats"], counted
        assert good(client.tags.delete(domain=domain, tag_name="invoice"))["message"] == "Tag deleted"

    def figures():
        said = good(client.stats_total.get(filters={"event": ["accepted", "delivered"]}, domain=domain))
        assert sum(one["accepted"]["total"] for one in said["stats"]) == facts["accepted"], said
        data = {"duration": "1h", "events": ["accepted"], "pagination": {"sort": "timestamp:asc", "limit": 50}}
        said = good(client.analytics_logs.create(data=json.dumps(data), headers=JSON))
        assert len(said["items"]) == facts["accepted"], said
        data = {
            "resolution": "day",
            "duration": "1d",
            "dimensions": ["time"],
            "metrics": ["accepted_count", "delivered_count", "clicked_rate", "opened_rate"],
            "filter": {
                "AND": [{"attribute": "domain", "comparator": "=", "values": [{"label": domain, "value": domain}]}]
            },
            "include_subaccounts": True,
            "include_aggregates": True,
        }
        said = good(client.analytics_metrics.create(data=json.dumps(data), headers=JSON))
        assert said["aggregates"]["metrics"]["accepted_count"] == facts["accepted"], said
        good(client.analytics_tags_limits.get())

    def queues():
        said = good(client.domains_sendingqueues.get(domain=domain))
        assert "scheduled" in said and "regular" in said, said

    def account():
        said = good(client.ips.get(filters={"dedicated": "true"}))
        assert isinstance(said["items"], list), said
        assert good(client.addressvalidate.get(filters={"address": "friend@receiver.test"}))["result"]
        data = {"role": "sending", "kind": "domain", "domain_name": domain, "description": "from Python"}
        made = good(client.keys.create(data=data))
        assert made["message"] == "great success" and made["key"]["secret"], made
        listed = good(client.keys.get(filters={"domain_name": domain, "kind": "domain"}))
        assert "expires_at" not in listed["items"][0] or listed["items"][0]["expires_at"], listed
        assert good(client.keys.delete(key_id=made["key"]["id"]))["message"] == "key deleted"

    return dict(locals())
