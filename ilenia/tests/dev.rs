//! `ilenia dev` as a process: its start, its readiness, its end, and its LiveKit child. Needs a LiveKit server program.

mod support;

use std::time::Duration;

use livekit_api::services::room::{CreateRoomOptions, RoomClient};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use support::{API_KEY, API_SECRET, assert_fails, dev, get, ilenia, person::Person, until, wait_until_gone};

const START: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(30);

#[test]
fn it_becomes_ready_and_ends_with_all_its_children() {
    let (mut dev, http, livekit) = dev(&[]);
    dev.wait_for("Ready.", START);
    let (status, body) = get(http, "/ready");
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["dependencies"]["livekit"], "ready");
    assert_eq!(body["dependencies"]["engines"], "ready");
    assert_eq!(get(http, "/health").0, 200);
    let (status, problem) = get(http, "/nothing/here");
    assert!(status == 404 && problem.contains("\"code\":\"not_found\""), "{problem}");
    let children = dev.children();
    assert!(!children.is_empty());

    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(END), Some(0));
    for child in children {
        wait_until_gone(child, END);
    }
    assert_eq!(get(livekit, "/").0, 0);
}

#[test]
fn the_demonstration_accounts_sign_in_and_see_their_event() {
    let (mut dev, http, _) = dev(&[]);
    dev.wait_for("listener@example.org", START);
    dev.wait_for("Ready.", START);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let site = format!("http://127.0.0.1:{http}");
        // Nothing of it is secret: loopback, without TLS.
        let client = reqwest::Client::builder().timeout(START).build().expect("a client");
        for role in ["admin", "manager", "speaker", "listener"] {
            let credentials =
                serde_json::json!({ "email": format!("{role}@example.org"), "password": "ilenia-demo" });
            let answer = client.post(format!("{site}/api/auth/login")).json(&credentials).send().await;
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), 200, "{role}");
            let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
            assert!(cookie.contains("HttpOnly") && !cookie.contains("Secure"), "no TLS here: {cookie}");
            let answer: serde_json::Value = answer.json().await.expect("JSON");
            let token = answer["access_token"].as_str().expect("a token");
            for path in ["/api/events/123457", "/api/events/v1/events/123457"] {
                let event = client.get(format!("{site}{path}")).bearer_auth(token).send().await;
                let event: serde_json::Value = event.expect("an answer").json().await.expect("JSON");
                assert_eq!(event["state"], "ready", "{role}: {event}");
                let languages = &event["channels"][0]["target_languages"];
                assert_eq!(languages, &serde_json::json!(["es-ES", "ca-ES"]), "{role}: {event}");
            }
        }
        let keys = client.get(format!("{site}/.well-known/jwks.json")).send().await.expect("an answer");
        let keys: serde_json::Value = keys.json().await.expect("JSON");
        assert_eq!(keys["keys"][0]["alg"], "RS256", "{keys}");
    });
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(END), Some(0));
}

#[test]
fn a_manager_starts_a_session_sees_its_agents_and_stops_it() {
    let (mut dev, http, _) = dev(&[]);
    dev.wait_for("Ready.", START);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let manager = Person::sign_in(http, "manager@example.org").await;
        let channel = json!({ "event_id": 123_457, "channel_id": 1 });
        let session = manager.post("/api/live-service/sessions/start", &channel).await;
        let id = session["session_id"].as_str().unwrap_or_else(|| panic!("a session: {session}")).to_owned();
        assert_eq!(manager.get("/api/events/123457").await["state"], "live");
        let sessions = manager
            .until("its agents are in the room", "/api/live-service/sessions", |sessions| {
                let agents = agents_of(&sessions["items"][0]);
                agents.len() == 3 && agents.iter().all(|(_, status)| status == "active")
            })
            .await;
        let session = &sessions["items"][0];
        assert_eq!(session["session_id"], *id);
        let agents: Vec<_> = agents_of(session).into_iter().map(|(agent, _)| agent).collect();
        assert_eq!(agents, ["asr en-US", "mt ca-ES", "mt es-ES"]);
        let stop = json!({ "event_id": 123_457, "session_id": id });
        manager.post("/api/live-service/sessions/stop", &stop).await;
        manager.until("completed", "/api/events/123457", |event| event["state"] == "completed").await;
    });
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(END), Some(0));
}

#[test]
fn ctrl_c_in_the_middle_of_a_session_ends_everything_in_time() {
    let (mut dev, http, livekit) = dev(&[]);
    dev.wait_for("Ready.", START);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let manager = Person::sign_in(http, "manager@example.org").await;
        let channel = json!({ "event_id": 123_457, "channel_id": 1 });
        let session = manager.post("/api/live-service/sessions/start", &channel).await;
        let id = session["session_id"].as_str().expect("a session");
        manager
            .until("its agents are in the room", &format!("/api/live-service/sessions/{id}"), |session| {
                let agents = agents_of(session);
                agents.len() == 3 && agents.iter().all(|(_, status)| status == "active")
            })
            .await;
    });
    dev.signal(Signal::INT);
    assert_eq!(dev.wait(END), Some(0));
    assert_eq!(get(livekit, "/").0, 0);
    assert!(!dev.seen().contains("did not end within"), "{}", dev.seen());
}

/// Type, language and status of each agent of a session, in order.
fn agents_of(session: &serde_json::Value) -> Vec<(String, String)> {
    let text = |agent: &serde_json::Value, key: &str| agent[key].as_str().unwrap_or_default().to_owned();
    let agents = session["agents"].as_array().into_iter().flatten();
    let mut agents: Vec<_> = agents
        .map(|agent| {
            (format!("{} {}", text(agent, "agent_type"), text(agent, "language")), text(agent, "status"))
        })
        .collect();
    agents.sort();
    agents
}

#[test]
fn ctrl_c_ends_it_too_also_while_it_starts() {
    let (mut dev, _, livekit) = dev(&[]);
    dev.wait_for("Ilenia on this machine", START);
    dev.signal(Signal::INT);
    assert_eq!(dev.wait(END), Some(0));
    assert_eq!(get(livekit, "/").0, 0);
}

#[test]
fn a_livekit_server_that_dies_is_started_again() {
    let (mut dev, http, _) = dev(&[]);
    dev.wait_for("Ready.", START);
    for child in dev.children() {
        let name =
            std::fs::read_to_string(format!("/proc/{}/comm", child.as_raw_nonzero())).unwrap_or_default();
        if name.starts_with("livekit") {
            kill_process(child, Signal::KILL).expect("killed");
        }
    }
    dev.wait_for("LiveKit server ended (signal: 9 (SIGKILL)); starting it again", END);
    dev.wait_for("LiveKit server is back", END);
    until("ready again", END, || get(http, "/ready").0 == 200);
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(END), Some(0));
}

#[test]
fn nothing_is_left_behind_when_it_is_killed() {
    let (mut dev, _, livekit) = dev(&[]);
    dev.wait_for("Ready.", START);
    let children = dev.children();
    assert!(!children.is_empty());
    dev.signal(Signal::KILL);
    assert_eq!(dev.wait(END), None);
    for child in children {
        wait_until_gone(child, END);
    }
    assert_eq!(get(livekit, "/").0, 0);
}

#[test]
fn tools_tell_a_wrong_key_and_a_room_that_is_not_there() {
    let (mut dev, _, livekit) = dev(&[]);
    dev.wait_for("Ready.", START);
    let directory = tempfile::tempdir().expect("a directory");
    let file = support::tone(directory.path());
    let file = file.to_str().expect("utf-8");
    let url = format!("ws://127.0.0.1:{livekit}");

    let listen = ["listen", "--room", "nowhere", "--language", "es-ES"];
    let say = ["say", "--room", "nowhere", "--file", file];
    let agent = ["agent", "connect", "--room", "nowhere", "--agent", "asr", "--language", "en-US"];
    for arguments in [&listen[..], &say[..], &agent[..]] {
        let mut command = ilenia(arguments);
        command
            .env("LIVEKIT_URL", &url)
            .env("LIVEKIT_API_KEY", API_KEY)
            .env("LIVEKIT_API_SECRET", "not-the-secret");
        assert_fails(&mut command, 77, &["refuses the API key", "hint: LIVEKIT_API_KEY"]);
    }
    let with_key = |arguments: &[&str]| {
        let mut command = ilenia(arguments);
        command
            .env("LIVEKIT_URL", &url)
            .env("LIVEKIT_API_KEY", API_KEY)
            .env("LIVEKIT_API_SECRET", API_SECRET);
        command
    };
    assert_fails(&mut with_key(&listen), 66, &["no room \"nowhere\"", "hint: "]);

    make_room(&url, "hall");
    let mut listen =
        vec!["listen", "--room", "hall", "--language", "es-ES", "--save", "/does/not/exist/a.wav"];
    assert_fails(&mut with_key(&listen), 73, &["cannot write /does/not/exist/a.wav"]);
    listen[5] = "--srt";
    assert_fails(&mut with_key(&listen), 73, &["cannot write /does/not/exist/a.wav"]);

    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(END), Some(0));
}

fn make_room(url: &str, name: &str) {
    let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = RoomClient::with_api_key(&url.replace("ws:", "http:"), API_KEY, API_SECRET);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(client.create_room(name, CreateRoomOptions::default())).expect("a room");
}

#[test]
fn it_listens_on_the_loopback_interface_only() {
    let (mut dev, _, livekit) = dev(&[]);
    dev.wait_for("Ready.", START);
    let mut processes = dev.children();
    processes.push(dev.pid());
    let addresses = listening_addresses(&processes);
    assert!(addresses.iter().any(|address| address.ends_with(&format!(":{livekit:04X}"))), "{addresses:?}");
    // 127.0.0.1 as the kernel writes it.
    let elsewhere: Vec<_> = addresses.iter().filter(|address| !address.starts_with("0100007F:")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    dev.signal(Signal::TERM);
    assert_eq!(dev.wait(END), Some(0));
}

/// Local addresses of the sockets of these processes that take what comes, as in `/proc/net`.
fn listening_addresses(processes: &[Pid]) -> Vec<String> {
    let sockets: Vec<String> = processes
        .iter()
        .filter_map(|process| std::fs::read_dir(format!("/proc/{}/fd", process.as_raw_nonzero())).ok())
        .flat_map(|descriptors| descriptors.flatten().filter_map(|fd| std::fs::read_link(fd.path()).ok()))
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut addresses = Vec::new();
    for (table, listening) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        for line in std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default().lines() {
            let columns: Vec<&str> = line.split_whitespace().collect();
            if columns.get(3) == Some(&listening)
                && sockets.iter().any(|socket| columns.get(9) == Some(&&**socket))
            {
                addresses.push(columns[1].to_owned());
            }
        }
    }
    addresses
}

#[test]
fn a_livekit_server_that_runs_already_is_used() {
    let (mut first, _, livekit) = dev(&[]);
    first.wait_for("Ready.", START);
    let mut command = ilenia(&["dev", "--any-ports"]);
    command
        .env("LIVEKIT_URL", format!("ws://127.0.0.1:{livekit}"))
        .env("LIVEKIT_API_KEY", API_KEY)
        .env("LIVEKIT_API_SECRET", API_SECRET);
    let mut second = support::Running::start(&mut command);
    second.wait_for("(runs already)", START);
    second.wait_for("Ready.", START);
    second.signal(Signal::TERM);
    assert_eq!(second.wait(END), Some(0));
    assert_eq!(get(livekit, "/").0, 200, "it is not ours to end");
    first.signal(Signal::TERM);
    assert_eq!(first.wait(END), Some(0));
}
