use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::{runtime::Handle, time::Instant};

use super::{
    super::{clock::PlayoutClock, stream::AudioSink},
    network::encode,
    tone,
};
use crate::audio_frame::AudioFrame;

async fn next(sink: &AudioSink) -> Option<AudioFrame<'static>> {
    poll_fn(|cx| sink.poll_next(cx)).await
}

fn sink(queue_frames: Option<usize>) -> Arc<AudioSink> {
    AudioSink::new(16_000, 1, queue_frames).expect("sink")
}

#[tokio::test(start_paused = true)]
async fn a_stream_gives_100_frames_a_second_with_and_without_packets() {
    let clock = PlayoutClock::new(&Handle::current());
    let sink = sink(Some(10));
    clock.register(&sink);
    let began = Instant::now();
    let mut frames = 0_u32;
    while Instant::now() - began < Duration::from_mins(10) {
        let frame = next(&sink).await.expect("frame");
        assert_eq!((frame.sample_rate, frame.num_channels, frame.samples_per_channel), (16_000, 1, 160));
        frames += 1;
    }
    assert!((59_999..=60_002).contains(&frames), "{frames}");
    assert_eq!(sink.stats().frames_dropped, 0);
}

#[tokio::test(start_paused = true)]
async fn a_tone_that_is_sent_is_read() {
    let clock = PlayoutClock::new(&Handle::current());
    let sink = sink(Some(10));
    clock.register(&sink);
    let feeder = tokio::spawn({
        let sink = Arc::clone(&sink);
        async move {
            for packet in encode(&tone::sine(3.0, 440.0, 48_000), 0) {
                sink.push_rtp(packet.seq, packet.rtp_time, &packet.payload, Instant::now().into_std());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            sink.end();
        }
    });
    let mut heard = Vec::new();
    while let Some(frame) = next(&sink).await {
        heard.extend_from_slice(&frame.data);
    }
    feeder.await.expect("feeder");
    assert!((290..=302).contains(&(heard.len() / 160)), "{}", heard.len() / 160);
    let steady = &heard[16_000..];
    assert!((tone::frequency(steady, 16_000) - 440.0).abs() < 5.0);
    assert!((6_500.0..7_600.0).contains(&tone::level(steady)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_not_read_drops_its_oldest_frames() {
    let clock = PlayoutClock::new(&Handle::current());
    let sink = sink(Some(10));
    clock.register(&sink);
    tokio::time::sleep(Duration::from_millis(1_005)).await;
    let dropped = sink.stats().frames_dropped;
    assert!((89..=92).contains(&dropped), "{dropped}");
}

#[tokio::test(start_paused = true)]
async fn after_a_stall_up_to_20_frames_are_made_up_for() {
    let clock = PlayoutClock::new(&Handle::current());
    let sink = sink(None);
    clock.register(&sink);
    tokio::time::sleep(Duration::from_millis(95)).await;
    let count = |sink: &AudioSink| sink.stats().total_samples / 480;
    let before = count(&sink);
    // Nothing else runs while the clock jumps: as a blocked runtime does.
    tokio::time::advance(Duration::from_millis(100)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(count(&sink) - before, 10);
    let before = count(&sink);
    tokio::time::advance(Duration::from_secs(5)).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let burst = count(&sink) - before;
    assert!((20..=22).contains(&burst), "{burst}");
    let before = count(&sink);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(count(&sink) - before, 100);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_after_its_last_frame_and_a_closed_one_at_once() {
    let clock = PlayoutClock::new(&Handle::current());
    let (ended, closed) = (sink(None), sink(None));
    clock.register(&ended);
    clock.register(&closed);
    tokio::time::sleep(Duration::from_millis(55)).await;
    ended.end();
    closed.close();
    let mut frames = 0;
    while next(&ended).await.is_some() {
        frames += 1;
    }
    assert_eq!(frames, 6);
    assert!(next(&closed).await.is_none());
    assert!(next(&ended).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_clock_forgets_dropped_sinks_and_serves_new_ones() {
    let clock = PlayoutClock::new(&Handle::current());
    for _ in 0..3 {
        let sink = sink(Some(10));
        clock.register(&sink);
        for _ in 0..5 {
            next(&sink).await.expect("frame");
        }
        let dropped = Arc::downgrade(&sink);
        drop(sink);
        tokio::time::sleep(Duration::from_millis(15)).await;
        assert!(dropped.upgrade().is_none());
    }
}
