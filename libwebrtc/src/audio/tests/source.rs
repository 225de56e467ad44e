use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use super::super::source::{CaptureError, SourceQueue, SourceReader};
use crate::audio_frame::AudioFrame;

fn frame(samples: Vec<i16>, rate: u32, channels: u32) -> AudioFrame<'static> {
    let samples_per_channel = samples.len() as u32 / channels;
    AudioFrame { data: samples.into(), sample_rate: rate, num_channels: channels, samples_per_channel }
}

fn ms(count: usize) -> AudioFrame<'static> {
    frame(vec![1; count * 16], 16_000, 1)
}

fn reader(source: &Arc<SourceQueue>) -> SourceReader {
    source.reader(Arc::new(Notify::new()))
}

fn take(reader: &SourceReader, frames: usize) -> Vec<i16> {
    let mut out = Vec::new();
    assert_eq!(reader.take(frames, &mut out) * reader.width(), out.len());
    out
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_another_format_is_an_error() {
    let source = SourceQueue::new(16_000, 2, 100);
    let wrong_rate = source.capture(&frame(vec![0; 320], 48_000, 2)).await;
    assert!(matches!(wrong_rate, Err(CaptureError::FormatMismatch { frame_rate: 48_000, .. })));
    let wrong_channels = source.capture(&frame(vec![0; 320], 16_000, 1)).await;
    assert!(matches!(wrong_channels, Err(CaptureError::FormatMismatch { frame_channels: 1, .. })));
    let odd = source.capture(&frame(vec![0; 321], 16_000, 2)).await;
    assert_eq!(odd, Err(CaptureError::PartialFrame { samples: 321, channels: 2 }));
}

#[test]
#[should_panic(expected = "multiple of 10")]
fn a_queue_that_is_no_multiple_of_10_ms_panics() {
    SourceQueue::new(16_000, 1, 15);
}

#[tokio::test(start_paused = true)]
async fn capture_returns_when_the_samples_are_queued_and_waits_while_they_are_not() {
    let source = SourceQueue::new(16_000, 1, 100);
    let reader = reader(&source);
    let began = Instant::now();
    source.capture(&ms(100)).await.expect("capture");
    assert_eq!(Instant::now(), began);
    assert_eq!(reader.available(), 1_600);

    let waiting = tokio::spawn({
        let source = Arc::clone(&source);
        async move { source.capture(&ms(30)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    take(&reader, 320);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!waiting.is_finished());
    take(&reader, 320);
    waiting.await.expect("task").expect("capture");
    assert_eq!(reader.available(), 1_600 - 160);
}

#[tokio::test(start_paused = true)]
async fn a_frame_longer_than_the_queue_goes_through_in_order() {
    let source = SourceQueue::new(16_000, 1, 20);
    let reader = reader(&source);
    let samples: Vec<i16> = (0..16_000).map(|sample| sample as i16).collect();
    let capture = tokio::spawn({
        let (source, samples) = (Arc::clone(&source), samples.clone());
        async move { source.capture(&frame(samples, 16_000, 1)).await }
    });
    let mut read = Vec::new();
    while read.len() < samples.len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        read.extend(take(&reader, 320));
    }
    capture.await.expect("task").expect("capture");
    assert_eq!(read, samples);
}

#[tokio::test(start_paused = true)]
async fn concurrent_captures_do_not_mix_their_frames() {
    let source = SourceQueue::new(16_000, 1, 10);
    let reader = reader(&source);
    let tasks: Vec<_> = (1..=3_i16)
        .map(|mark| {
            let source = Arc::clone(&source);
            tokio::spawn(async move { source.capture(&frame(vec![mark; 800], 16_000, 1)).await })
        })
        .collect();
    let mut read = Vec::new();
    while read.len() < 2_400 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        read.extend(take(&reader, 160));
    }
    for task in tasks {
        task.await.expect("task").expect("capture");
    }
    assert!(read.chunks(800).all(|part| part.iter().all(|&mark| mark == part[0])));
}

#[tokio::test(start_paused = true)]
async fn clear_drops_what_waits_also_in_a_pending_capture() {
    let source = SourceQueue::new(16_000, 1, 50);
    let reader = reader(&source);
    let captures: Vec<_> = (0..2)
        .map(|_| {
            let source = Arc::clone(&source);
            tokio::spawn(async move { source.capture(&ms(500)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(5)).await;
    source.clear();
    for capture in captures {
        timeout(Duration::from_millis(1), capture).await.expect("ends").expect("task").expect("capture");
    }
    assert_eq!(reader.available(), 0);
    source.capture(&ms(20)).await.expect("capture");
    assert_eq!(reader.available(), 320);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_capture_leaves_a_beginning_of_its_frame_and_no_lock() {
    let source = SourceQueue::new(16_000, 1, 20);
    let reader = reader(&source);
    let cut = timeout(Duration::from_millis(5), source.capture(&ms(500))).await;
    assert!(cut.is_err());
    assert_eq!(take(&reader, 1_000).len(), 320);
    source.capture(&ms(10)).await.expect("capture");
    assert_eq!(reader.available(), 160);
}

#[tokio::test(start_paused = true)]
async fn without_a_reader_capture_keeps_the_pace_of_real_time() {
    let source = SourceQueue::new(16_000, 1, 100);
    let began = Instant::now();
    for _ in 0..200 {
        source.capture(&ms(10)).await.expect("capture");
    }
    let took = (Instant::now() - began).as_millis();
    assert!((1_890..=1_930).contains(&took), "{took} ms");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_hangs_does_not_block_capture_for_ever() {
    let source = SourceQueue::new(16_000, 1, 100);
    let reader = reader(&source);
    let began = Instant::now();
    for _ in 0..200 {
        source.capture(&ms(10)).await.expect("capture");
    }
    let took = (Instant::now() - began).as_millis();
    assert!((1_890..=2_600).contains(&took), "{took} ms");
    drop(reader);
}

#[tokio::test(start_paused = true)]
async fn two_readers_both_get_all_of_it() {
    let source = SourceQueue::new(16_000, 1, 100);
    let (a, b) = (reader(&source), reader(&source));
    let samples: Vec<i16> = (0..1_600).collect();
    source.capture(&frame(samples.clone(), 16_000, 1)).await.expect("capture");
    let (mut from_a, mut from_b) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        from_a.extend(take(&a, 320));
        from_b.extend(take(&b, 320));
    }
    assert_eq!(from_a, samples);
    assert_eq!(from_b, samples);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_lags_skips_and_does_not_hold_the_others_up() {
    let source = SourceQueue::new(16_000, 1, 100);
    let (fast, slow) = (reader(&source), reader(&source));
    for _ in 0..100 {
        source.capture(&ms(10)).await.expect("capture");
        tokio::time::sleep(Duration::from_millis(10)).await;
        take(&fast, 160);
    }
    assert!(slow.available() <= 200 * 16);
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_capture_takes_10_ms_at_once_and_drops_what_is_old() {
    let source = SourceQueue::new(16_000, 1, 0);
    let reader = reader(&source);
    let wrong = source.capture(&ms(20)).await;
    assert_eq!(wrong, Err(CaptureError::NotTenMs { got: 320, expected: 160 }));
    let began = Instant::now();
    for mark in 0..20 {
        source.capture(&frame(vec![mark; 160], 16_000, 1)).await.expect("capture");
    }
    assert_eq!(Instant::now(), began);
    let read = take(&reader, 100_000);
    assert_eq!(read.len(), 120 * 16);
    assert_eq!((read[0], read[read.len() - 1]), (8, 19));
}

#[tokio::test(start_paused = true)]
async fn more_than_two_channels_keep_the_first_two() {
    let source = SourceQueue::new(48_000, 4, 100);
    let reader = reader(&source);
    let samples: Vec<i16> = (0..480).flat_map(|_| [1, 2, 3, 4]).collect();
    source.capture(&frame(samples, 48_000, 4)).await.expect("capture");
    let read = take(&reader, 480);
    assert_eq!(read.len(), 960);
    assert!(read.chunks(2).all(|frame| frame == [1, 2]));
}
