//! Agents in a room of a real LiveKit server, with fake engines.

mod support;

use std::{collections::HashSet, time::Duration};

use agents::{Access, AgentError, CancellationToken, JobContext, token::Permissions};
use common::{SegmentState, config::Secret};
use support::{
    Job, LiveKitServer, PATIENCE, ROOM, SlowLink, options, rooms, start_asr, start_listener, start_mt,
    start_speaker, talk, until, until_present,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_speakers_at_once_are_captioned_each_under_their_name_in_two_languages() {
    let server = LiveKitServer::start().await.expect("a server");
    let (asr, mt) = (start_asr(&server), start_mt(&server, "es-ES", false));
    let (listener, heard) = start_listener(&server, "listener-eva");
    until_present(&server, &["agent-asr", "agent-mt-es-ES", "listener-eva"]).await;
    let words = talk(&["The first sentence of this talk.", "And here is the second one."]);
    let ana = start_speaker(&server, "speaker-ana", words.clone());
    let ben = start_speaker(&server, "speaker-ben", words);
    until("four Spanish captions", || heard.finals("es-ES").len() >= 4).await;

    let (english, spanish) = (heard.finals("en-US"), heard.finals("es-ES"));
    assert_eq!((english.len(), spanish.len()), (4, 4));
    for speaker in ["speaker-ana", "speaker-ben"] {
        let mine: Vec<_> = english.iter().filter(|caption| caption.segment.speaker == speaker).collect();
        let theirs: Vec<_> = spanish.iter().filter(|caption| caption.segment.speaker == speaker).collect();
        assert_eq!((mine.len(), theirs.len()), (2, 2), "{english:?}");
        for (source, target) in mine.iter().zip(theirs) {
            assert_eq!(
                source.segment.id, target.segment.id,
                "one id in all languages, in the order of the speech"
            );
            assert_eq!(source.segment.start_ms, target.segment.start_ms);
            assert_eq!(target.segment.text, format!("es: {}", source.segment.text));
            assert!(source.track_sid.starts_with("TR_") && source.track_sid == target.track_sid);
        }
        let interim = |c: &agents::captions::Caption| {
            c.segment.state == SegmentState::Interim && c.segment.id == mine[0].segment.id
        };
        assert!(heard.all().iter().any(interim), "interims come under the id of their final");
    }
    for job in [ana, ben, listener, mt, asr] {
        job.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_speaker_who_leaves_and_returns_is_heard_again_later_on_the_same_clock() {
    let server = LiveKitServer::start().await.expect("a server");
    let asr = start_asr(&server);
    let (listener, heard) = start_listener(&server, "listener-eva");
    until_present(&server, &["agent-asr", "listener-eva"]).await;
    let words = talk(&["This is said on each visit."]);
    for visit in 1..=2 {
        let speaker = start_speaker(&server, "speaker-ana", words.clone());
        until("a caption of each visit", || heard.finals("en-US").len() >= visit).await;
        speaker.leave().await;
    }
    let finals = heard.finals("en-US");
    let gap_ms = finals[1].segment.start_ms - finals[0].segment.start_ms;
    assert!((1_500..60_000).contains(&gap_ms), "{gap_ms} ms between the visits");
    assert_ne!(finals[0].track_sid, finals[1].track_sid);
    listener.leave().await;
    asr.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captions_go_on_after_the_server_was_killed_in_mid_talk() {
    let mut server = LiveKitServer::start().await.expect("a server");
    let (asr, mt) = (start_asr(&server), start_mt(&server, "es-ES", true));
    let (listener, heard) = start_listener(&server, "listener-eva");
    until_present(&server, &["agent-asr", "agent-mt-es-ES", "listener-eva"]).await;
    let sentence = "One of very many sentences.";
    let speaker = start_speaker(&server, "speaker-ana", talk(&[sentence; 30]));
    until("captions", || heard.finals("es-ES").len() >= 2).await;

    server.stop().await.expect("killed");
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.restart().await.expect("started again");
    let before = heard.finals("es-ES").len();
    until("captions after the restart", || heard.finals("es-ES").len() >= before + 3).await;

    let (english, spanish) = (heard.finals("en-US"), heard.finals("es-ES"));
    let translated: HashSet<_> = spanish.iter().map(|caption| &caption.segment.id).collect();
    let lost = english[..english.len() - 2].iter().filter(|c| !translated.contains(&c.segment.id)).count();
    assert_eq!(lost, 0, "every caption is translated, also those of the moment: {english:?} {spanish:?}");
    let starts: Vec<_> = english.iter().map(|caption| caption.segment.start_ms).collect();
    assert!(starts.is_sorted(), "one clock before and after: {starts:?}");
    for job in [speaker, listener, mt, asr] {
        job.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_translation_is_heard_on_its_track_and_the_agent_says_its_language() {
    let server = LiveKitServer::start().await.expect("a server");
    let (asr, mt) = (start_asr(&server), start_mt(&server, "es-ES", true));
    until_present(&server, &["agent-asr", "agent-mt-es-ES"]).await;
    let speaker = start_speaker(&server, "speaker-ana", talk(&["Please say this in Spanish."]));
    let listener = options(&server, "listener-eva").as_person(Permissions::LISTENER);
    let listener = Job::start(listener, |ctx: JobContext| async move {
        let mut tracks = ctx.track_named("translation-es-ES");
        let track = tracks.next().await.ok_or("no track")?;
        assert_eq!(track.identity, "agent-mt-es-ES");
        let mt = ctx.room().remote_participants()[&"agent-mt-es-ES".into()].clone();
        assert_eq!(mt.attributes()["language"], "es-ES");
        let (mut frames, mut loud) = (track.frames(16_000), 0);
        while let Some(frame) = frames.next().await {
            assert_eq!((frame.samples.len(), frame.sample_rate_hz), (160, 16_000));
            loud += usize::from(media::loudness::peak(&frame.samples) > 4_000);
            if loud >= 40 {
                return Ok(());
            }
        }
        Err("the track ended".into())
    });
    listener.end().await.expect("half a second of tone");
    for job in [speaker, mt, asr] {
        job.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_is_told_to_end_finishes_the_utterance_in_hand() {
    let server = LiveKitServer::start().await.expect("a server");
    let asr = start_asr(&server);
    let (listener, heard) = start_listener(&server, "listener-eva");
    until_present(&server, &["agent-asr", "listener-eva"]).await;
    let speaker = start_speaker(
        &server,
        "speaker-ana",
        talk(&["A very long sentence that is cut off before it comes to its end, somewhere in the middle."]),
    );
    until("an interim", || heard.all().iter().any(|c| c.segment.state == SegmentState::Interim)).await;
    asr.leave().await;
    until("its final", || heard.finals("en-US").len() == 1).await;
    speaker.leave().await;
    listener.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_told_at_once_and_apart_from_a_server_that_is_away() {
    let server = LiveKitServer::start().await.expect("a server");
    let mut options = options(&server, "agent-asr");
    let Access::Key { api_secret, .. } = &mut options.access else { panic!("a key of our own") };
    *api_secret = Secret::new("another secret that is long enough");
    let (begun, patience) = (tokio::time::Instant::now(), options.join_within);
    let error = agents::connect(options, |_: JobContext| async { Ok(()) }, CancellationToken::new()).await;
    assert!(matches!(error, Err(AgentError::Unauthorized { .. })), "{error:?}");
    assert!(begun.elapsed() < patience / 2, "not after waiting for better");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_later_is_waited_for() {
    let mut server = LiveKitServer::start().await.expect("a server");
    server.stop().await.expect("stopped");
    let (listener, _) = start_listener(&server, "listener-eva");
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.restart().await.expect("started again");
    until_present(&server, &["listener-eva"]).await;
    listener.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_agent_of_the_same_identity_takes_over_and_the_first_leaves_for_good() {
    let server = LiveKitServer::start().await.expect("a server");
    let first = start_asr(&server);
    until_present(&server, &["agent-asr"]).await;
    let second = start_asr(&server);
    let error = first.end().await;
    assert!(
        matches!(&error, Err(AgentError::DuplicateIdentity { identity }) if identity == "agent-asr"),
        "{error:?}"
    );
    until_present(&server, &["agent-asr"]).await;
    second.leave().await;
}

/// The end of a peer connection travels another way than the words about it, and is often faster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_agent_leaves_for_good_though_the_reason_comes_after_the_end_of_its_media() {
    let server = LiveKitServer::start().await.expect("a server");
    let link = SlowLink::start(server.port(), Duration::from_secs(1)).await;
    let mut options = options(&server, "agent-asr");
    let Access::Key { url, .. } = &mut options.access else { panic!("a key of our own") };
    *url = link.url();
    let agent = Job::start(options, |ctx: JobContext| async move {
        ctx.shutdown().await;
        Ok(())
    });
    until_present(&server, &["agent-asr"]).await;
    rooms(&server).remove_participant(ROOM, "agent-asr").await.expect("removed");
    let error = agent.end().await;
    assert!(matches!(error, Err(AgentError::Removed)), "{error:?}");
    let there = rooms(&server).list_participants(ROOM).await.expect("a list");
    assert!(there.is_empty(), "{there:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_agent_leaves_and_a_deleted_room_is_made_again_with_the_track_in_it() {
    let server = LiveKitServer::start().await.expect("a server");
    let (asr, mt) = (start_asr(&server), start_mt(&server, "es-ES", true));
    until_present(&server, &["agent-asr", "agent-mt-es-ES"]).await;
    rooms(&server).remove_participant(ROOM, "agent-asr").await.expect("removed");
    let error = asr.end().await;
    assert!(matches!(error, Err(AgentError::Removed)), "{error:?}");
    rooms(&server).delete_room(ROOM).await.expect("deleted");
    until_present(&server, &["agent-mt-es-ES"]).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mt = rooms(&server).get_participant(ROOM, "agent-mt-es-ES").await.expect("in the room");
        if mt.tracks.iter().any(|track| track.name == "translation-es-ES") {
            assert_eq!(mt.attributes["language"], "es-ES");
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the track is published again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    mt.leave().await;
}
