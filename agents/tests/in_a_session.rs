//! Agents as a session runs them: tokens from elsewhere, a log, and translation for those who follow.

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use agents::{
    AgentError, AgentResult, CancellationToken, ConnectOptions, JobContext, TokenSourceError,
    captions::Caption,
    mt::{self, Follow, MtAgent, MtOptions},
    token::Permissions,
};
use async_trait::async_trait;
use common::{Segment, SegmentId, SegmentState};
use inference::{InferenceError, TranslateRequest, Translation, Translator};
use support::{
    FakeLog, FakeTokens, Job, LiveKitServer, PATIENCE, ROOM, language, options, rooms, start_listener, until,
    until_present,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

async fn waits_for_its_end(ctx: JobContext) -> AgentResult {
    ctx.shutdown().await;
    Ok(())
}

fn said(text: &str) -> Segment {
    Segment {
        id: SegmentId::generate(),
        speaker: "speaker-ana".into(),
        language: language("en-US"),
        source_language: language("en-US"),
        text: text.into(),
        start_ms: 0,
        end_ms: 1_000,
        revision: 0,
        state: SegmentState::Final,
    }
}

/// An agent that publishes what it is told to, in the place of the ASR agent.
fn start_teller(server: &LiveKitServer) -> (Job, mpsc::UnboundedSender<Segment>) {
    let (say, told) = mpsc::unbounded_channel();
    let told = Arc::new(tokio::sync::Mutex::new(told));
    let job = Job::start(options(server, "agent-asr"), move |ctx: JobContext| {
        let told = Arc::clone(&told);
        async move {
            let mut told = told.lock().await;
            loop {
                tokio::select! {
                    Some(segment) = told.recv() => {
                        ctx.captions().publish(Caption { segment, track_sid: String::new() });
                    }
                    () = ctx.shutdown() => return Ok(()),
                }
            }
        }
    });
    (job, say)
}

/// Somebody who follows the language that they are told.
fn start_follower(server: &LiveKitServer, identity: &str, follows: watch::Receiver<&'static str>) -> Job {
    let options = options(server, identity).as_person(Permissions::LISTENER);
    Job::start(options, move |ctx: JobContext| {
        let mut follows = follows.clone();
        async move {
            loop {
                let language = (*follows.borrow_and_update()).to_owned();
                ctx.set_attributes(BTreeMap::from([("language".to_owned(), language)])).await;
                tokio::select! {
                    Ok(()) = follows.changed() => {}
                    () = ctx.shutdown() => return Ok(()),
                }
            }
        }
    })
}

/// Answers at once, and counts.
#[derive(Default)]
struct Counting(AtomicU32);

impl Counting {
    fn calls(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Translator for Counting {
    async fn translate(&self, request: TranslateRequest) -> Result<Translation, InferenceError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Translation { text: format!("es: {}", request.text), untranslated: false })
    }
}

fn start_spanish(
    server: &LiveKitServer,
    translator: &Arc<Counting>,
    change: impl FnOnce(&mut ConnectOptions, &mut MtOptions),
) -> Job {
    let mut mt = MtOptions::new(language("es-ES"));
    let mut options = options(server, &mt::identity(&mt.language));
    change(&mut options, &mut mt);
    let translator = Arc::clone(translator) as Arc<dyn Translator>;
    Job::start(options, MtAgent::new(mt, translator, None))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_joining_is_with_a_new_token_and_says_the_same_attributes() {
    let server = LiveKitServer::start().await.expect("a server");
    let away = TokenSourceError::Unavailable("starting".into());
    let tokens = Arc::new(FakeTokens::new(&server, "agent-asr", &[away]));
    let mut options = ConnectOptions::with_tokens(tokens.clone(), ROOM, "agent-asr");
    options.attributes.insert("language".into(), "en-US".into());
    let (in_room, mut told) = watch::channel(false);
    options.in_room = Some(in_room);
    let job = Job::start(options, waits_for_its_end);
    for n in 1..=3 {
        let name = format!("Token {n}");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let there = rooms(&server).get_participant(ROOM, "agent-asr").await;
            if there.is_ok_and(|there| {
                there.name == name && there.attributes.get("language").is_some_and(|tag| tag == "en-US")
            }) {
                break;
            }
            assert!(Instant::now() < deadline, "joined with {name}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        timeout(PATIENCE, told.wait_for(|there| *there)).await.expect("in time").expect("told");
        rooms(&server).delete_room(ROOM).await.expect("deleted");
        timeout(PATIENCE, told.wait_for(|there| !*there)).await.expect("in time").expect("told");
    }
    timeout(PATIENCE, told.wait_for(|there| *there)).await.expect("in time").expect("told");
    assert_eq!(tokens.made(), 4);
    job.leave().await;
    assert!(!*told.borrow_and_update());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_refuses_ends_the_job_at_once() {
    let server = LiveKitServer::start().await.expect("a server");
    let refused = TokenSourceError::Refused("the channel is closed".into());
    let tokens = Arc::new(FakeTokens::new(&server, "agent-asr", &[refused]));
    let options = ConnectOptions::with_tokens(tokens, ROOM, "agent-asr");
    let error = agents::connect(options, waits_for_its_end, CancellationToken::new()).await;
    assert!(
        matches!(&error, Err(AgentError::NoToken(why)) if why.contains("the channel is closed")),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settled_captions_are_logged_once_also_while_the_room_is_away_and_waited_for_at_the_end() {
    let mut server = LiveKitServer::start().await.expect("a server");
    let log = Arc::new(FakeLog::new(Vec::new()));
    let mut options = options(&server, "agent-asr");
    options.segments = Some(log.clone());
    let (in_room, mut told) = watch::channel(false);
    options.in_room = Some(in_room);
    let (give, captions) = tokio::sync::oneshot::channel();
    let give = parking_lot::Mutex::new(Some(give));
    let job = Job::start(options, move |ctx: JobContext| {
        let _ = give.lock().take().expect("one job").send(ctx.captions().clone());
        waits_for_its_end(ctx)
    });
    let captions = captions.await.expect("it runs");
    let publish = |segment: &Segment| {
        captions.publish(Caption { segment: segment.clone(), track_sid: String::new() });
    };
    let first = said("First.");
    publish(&Segment { state: SegmentState::Interim, ..first.clone() });
    publish(&first);
    captions.flush().await;
    server.stop().await.expect("killed");
    timeout(PATIENCE, told.wait_for(|there| !*there)).await.expect("in time").expect("told");
    let second = said("Second.");
    publish(&second);
    assert_eq!(log.written(), [first.clone(), second.clone()], "before there is a room again");
    server.restart().await.expect("started again");
    captions.flush().await;

    log.set_open(false);
    let leaving = tokio::spawn(job.leave());
    assert!(timeout(Duration::from_secs(2), captions.flush()).await.is_ok());
    assert!(!leaving.is_finished(), "the log does not have it yet");
    log.set_open(true);
    leaving.await.expect("left in good order");
    assert_eq!((log.written(), log.flushes()), (vec![first, second], 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_what_is_known_through_joining_changing_and_leaving_and_before_our_own_joining() {
    let server = LiveKitServer::start().await.expect("a server");
    let (eva, follows) = watch::channel("es-ES");
    let first = start_follower(&server, "listener-eva", follows);
    until_present(&server, &["listener-eva"]).await;
    let (give, mut followers) = mpsc::unbounded_channel();
    let agent = Job::start(options(&server, "agent-asr"), move |ctx: JobContext| {
        let _ = give.send(ctx.followers());
        waits_for_its_end(ctx)
    });
    let mut followers = followers.recv().await.expect("it runs");
    let mut counted = async |expected: &[(&str, usize)]| {
        let expected: BTreeMap<_, _> = expected.iter().map(|(tag, n)| (language(tag), *n)).collect();
        let seen = timeout(PATIENCE, followers.wait_for(|counts| *counts == expected)).await;
        assert!(seen.is_ok_and(|seen| seen.is_ok()), "{expected:?}");
    };
    counted(&[("es-ES", 1)]).await;
    let second = start_follower(&server, "listener-ben", watch::channel("es-ES").1);
    counted(&[("es-ES", 2)]).await;
    eva.send_replace("ca-ES");
    counted(&[("ca-ES", 1), ("es-ES", 1)]).await;
    second.leave().await;
    counted(&[("ca-ES", 1)]).await;
    rooms(&server).delete_room(ROOM).await.expect("deleted");
    counted(&[("ca-ES", 1)]).await;
    eva.send_replace("");
    counted(&[]).await;
    first.leave().await;
    agent.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_language_costs_nothing_until_it_is_followed_and_soon_after_it_is_not() {
    let server = LiveKitServer::start().await.expect("a server");
    let translator = Arc::new(Counting::default());
    let (outside, elsewhere) = watch::channel(false);
    let agent = start_spanish(&server, &translator, |_, mt| mt.follow = Follow::WhenFollowed(elsewhere));
    let (teller, say) = start_teller(&server);
    let (listener, heard) = start_listener(&server, "listener-silent");
    until_present(&server, &["agent-mt-es-ES", "agent-asr", "listener-silent"]).await;

    let spanish = || heard.finals("es-ES").into_iter().map(|c| c.segment.text).collect::<Vec<_>>();
    let english = || heard.finals("en-US").len();
    say.send(said("Nobody follows.")).expect("open");
    until("the first caption", || english() == 1).await;

    let eva = start_follower(&server, "listener-eva", watch::channel("es-ES").1);
    until_present(&server, &["listener-eva"]).await;
    let mut asked = 0;
    while spanish().is_empty() {
        asked += 1;
        assert!(asked < 100, "translated again");
        say.send(said("Eva follows.")).expect("open");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(spanish().iter().all(|text| text == "es: Eva follows."));
    until("all is translated", || u32::try_from(spanish().len()).is_ok_and(|n| n == translator.calls()))
        .await;

    eva.leave().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (before, known) = (translator.calls(), english());
    say.send(said("Eva is gone.")).expect("open");
    until("its caption", || english() == known + 1).await;
    outside.send_replace(true);
    say.send(said("Somebody listens elsewhere.")).expect("open");
    until("its translation", || spanish().iter().any(|text| text == "es: Somebody listens elsewhere.")).await;
    assert_eq!(translator.calls(), before + 1);
    for job in [listener, teller, agent] {
        job.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_started_again_agent_translates_first_what_it_missed_and_nothing_twice() {
    let server = LiveKitServer::start().await.expect("a server");
    let (teller, say) = start_teller(&server);
    let (listener, heard) = start_listener(&server, "listener-eva");
    until_present(&server, &["agent-asr", "listener-eva"]).await;
    let missed = [said("Missed one."), said("Missed two.")];
    // The room sends an agent that joins what was said shortly before: the second comes both ways.
    say.send(missed[1].clone()).expect("open");
    until("its caption", || heard.finals("en-US").len() == 1).await;

    let log = Arc::new(FakeLog::new(missed.to_vec()));
    log.set_open(false);
    let translator = Arc::new(Counting::default());
    let agent = start_spanish(&server, &translator, |options, mt| {
        options.segments = Some(log.clone());
        mt.resume_since = Some(common::clock::now());
    });
    until_present(&server, &["agent-mt-es-ES"]).await;
    log.set_open(true);
    say.send(said("Now.")).expect("open");
    let spanish = || heard.finals("es-ES").into_iter().map(|c| c.segment.text).collect::<Vec<_>>();
    until("three translations", || spanish().len() >= 3).await;
    assert_eq!(spanish(), ["es: Missed one.", "es: Missed two.", "es: Now."]);
    let logged: Vec<_> = log.written().into_iter().map(|segment| segment.id).collect();
    assert_eq!(logged[..2], missed.map(|segment| segment.id));
    assert_eq!((translator.calls(), logged.len()), (3, 3));
    for job in [agent, listener, teller] {
        job.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_does_not_answer_holds_up_what_is_said_only_shortly() {
    let server = LiveKitServer::start().await.expect("a server");
    let (teller, say) = start_teller(&server);
    let (listener, heard) = start_listener(&server, "listener-eva");
    let log = Arc::new(FakeLog::new(vec![said("Missed.")]));
    log.set_open(false);
    let translator = Arc::new(Counting::default());
    let agent = start_spanish(&server, &translator, |options, mt| {
        options.segments = Some(log.clone());
        mt.resume_since = Some(common::clock::now());
    });
    until_present(&server, &["agent-asr", "agent-mt-es-ES", "listener-eva"]).await;
    say.send(said("Now.")).expect("open");
    until("its translation", || heard.finals("es-ES").len() == 1).await;
    log.set_open(true);
    until("what was missed", || heard.finals("es-ES").len() == 2).await;
    assert_eq!(heard.finals("es-ES")[1].segment.text, "es: Missed.");
    for job in [agent, listener, teller] {
        job.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_of_an_unfollowed_language_stays_untranslated() {
    let server = LiveKitServer::start().await.expect("a server");
    let (teller, say) = start_teller(&server);
    let (listener, heard) = start_listener(&server, "listener-eva");
    let log = Arc::new(FakeLog::new(vec![said("Missed.")]));
    let translator = Arc::new(Counting::default());
    let (outside, elsewhere) = watch::channel(false);
    let agent = start_spanish(&server, &translator, |options, mt| {
        options.segments = Some(log.clone());
        mt.resume_since = Some(common::clock::now());
        mt.follow = Follow::WhenFollowed(elsewhere);
    });
    until_present(&server, &["agent-asr", "agent-mt-es-ES", "listener-eva"]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    outside.send_replace(true);
    say.send(said("Now.")).expect("open");
    until("its translation", || heard.finals("es-ES").len() == 1).await;
    assert_eq!((heard.finals("es-ES")[0].segment.text.as_str(), translator.calls()), ("es: Now.", 1));
    for job in [agent, listener, teller] {
        job.leave().await;
    }
}
