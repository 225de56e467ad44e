use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use tokio::{sync::Notify, time::Instant};

use super::{
    super::{
        encoder::{EncodedPacket, OpusSender, SenderOptions},
        opus_packet,
        playout::Playout,
        source::SourceQueue,
    },
    tone,
};
use crate::audio_frame::AudioFrame;

fn frame(pcm: &[i16], rate: u32, channels: u32) -> AudioFrame<'_> {
    AudioFrame {
        data: pcm.into(),
        sample_rate: rate,
        num_channels: channels,
        samples_per_channel: pcm.len() as u32 / channels,
    }
}

fn sender(source: &Arc<SourceQueue>, options: SenderOptions) -> OpusSender {
    OpusSender::new(source.reader(Arc::new(Notify::new())), options, Instant::now().into_std())
        .expect("sender")
}

fn no_dtx() -> SenderOptions {
    SenderOptions { dtx: false, ..SenderOptions::default() }
}

/// Runs the sender's deadlines for `ms` from now.
async fn run(sender: &mut OpusSender, ms: u64) -> Vec<EncodedPacket> {
    let end = Instant::now() + Duration::from_millis(ms);
    let mut packets = Vec::new();
    loop {
        let deadline = Instant::from_std(sender.deadline());
        if deadline >= end {
            tokio::time::sleep_until(end).await;
            return packets;
        }
        tokio::time::sleep_until(deadline).await;
        packets.extend(sender.poll(Instant::now().into_std()));
    }
}

fn is_speech(packet: &EncodedPacket) -> bool {
    !opus_packet::is_dtx(&packet.payload)
}

#[tokio::test(start_paused = true)]
async fn a_tone_of_every_rate_and_width_comes_out_as_it_went_in() {
    for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
        for channels in [1_u32, 2] {
            let source = SourceQueue::new(rate, channels, 5_000);
            let mut sender = sender(&source, no_dtx());
            let mono = tone::sine(3.0, 440.0, rate);
            let pcm: Vec<i16> = mono.iter().flat_map(|&sample| vec![sample; channels as usize]).collect();
            source.capture(&frame(&pcm, rate, channels)).await.expect("capture");
            let packets = run(&mut sender, 3_000).await;
            // A resampler keeps the last few ms.
            assert!((149..=150).contains(&packets.len()), "{rate} Hz: {}", packets.len());
            let mut playout = Playout::new(48_000, channels).expect("playout");
            let mut heard = Vec::new();
            for (seq, packet) in packets.iter().enumerate() {
                playout.push(seq as u64, packet.rtp_time, &packet.payload, packet.captured);
                for half in [3, 13] {
                    let at = packet.captured + Duration::from_millis(half);
                    heard.extend_from_slice(&playout.pull_10ms(at).data);
                }
            }
            let left: Vec<i16> = heard.iter().step_by(channels as usize).copied().collect();
            let steady = &left[48_000..];
            let (level, hz) = (tone::level(steady), tone::frequency(steady, 48_000));
            assert!((6_500.0..7_600.0).contains(&level), "{rate} Hz, {channels} channels: level {level}");
            assert!((hz - 440.0).abs() < 5.0, "{rate} Hz, {channels} channels: {hz} Hz");
            assert!(tone::longest_gap_ms(steady, 500, 48_000) < 1.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_sender_shows_itself_and_then_rests() {
    let source = SourceQueue::new(48_000, 1, 1_000);
    let mut sender = sender(&source, no_dtx());
    let packets = run(&mut sender, 2_300).await;
    let times: Vec<u64> = packets.iter().map(|packet| packet.rtp_time / 960).collect();
    assert_eq!(times, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 50, 70, 90, 110]);
    assert!(packets[0].marker && packets[1..].iter().all(|packet| !packet.marker));
    assert!(packets[10..].iter().all(|packet| packet.payload.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn timestamps_stay_on_real_time_through_pauses_and_speech_restarts_with_the_marker() {
    let source = SourceQueue::new(24_000, 1, 10_000);
    let start = Instant::now();
    let mut sender = sender(&source, no_dtx());
    let speech = tone::voice(1.0, 24_000);
    let mut all = Vec::new();
    for pause_ms in [1_000, 1_333, 2_717] {
        all.extend(run(&mut sender, pause_ms).await);
        source.capture(&frame(&speech, 24_000, 1)).await.expect("capture");
        let talk = run(&mut sender, 1_100).await;
        assert!(talk[0].marker, "speech after {pause_ms} ms");
        assert!(talk[1..].iter().all(|packet| !packet.marker));
        all.extend(talk);
    }
    for packet in &all {
        let offset = packet.captured - start.into_std();
        assert_eq!(u128::from(packet.rtp_time), offset.as_millis() * 48);
    }
    assert!(all.windows(2).all(|pair| pair[0].rtp_time < pair[1].rtp_time));
}

#[tokio::test(start_paused = true)]
async fn speech_that_waits_for_a_resting_sender_goes_out_within_20_ms() {
    let source = SourceQueue::new(48_000, 1, 1_000);
    let filled = Arc::new(Notify::new());
    let reader = source.reader(Arc::clone(&filled));
    let mut sender = OpusSender::new(reader, no_dtx(), Instant::now().into_std()).expect("sender");
    run(&mut sender, 1_007).await;
    let began = Instant::now();
    source.capture(&frame(&tone::voice(0.1, 48_000), 48_000, 1)).await.expect("capture");
    filled.notified().await;
    assert_eq!(Instant::now(), began);
    let packets = run(&mut sender, 60).await;
    assert!(packets[0].marker && is_speech(&packets[0]));
    assert!(packets[0].captured - began.into_std() <= Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn an_abrupt_end_and_an_abrupt_begin_do_not_click() {
    let source = SourceQueue::new(48_000, 1, 10_000);
    let mut sender = sender(&source, no_dtx());
    // Begins and ends at full level, and not at a slot's end.
    let tone: Vec<i16> = tone::sine(1.0, 200.0, 48_000)[60..40_300].to_vec();
    let mut packets = Vec::new();
    for _ in 0..3 {
        source.capture(&frame(&tone, 48_000, 1)).await.expect("capture");
        packets.extend(run(&mut sender, 1_600).await);
    }
    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).expect("decoder");
    let mut pcm = Vec::new();
    for packet in packets.iter().filter(|packet| is_speech(packet)) {
        let mut out = vec![0; 960];
        decoder.decode(&packet.payload, &mut out, false).expect("decode");
        pcm.extend(out);
    }
    let clean = tone::largest_step(&tone);
    let step = tone::largest_step(&pcm);
    println!("step {step}, clean {clean}");
    assert!(step < clean * 3, "a step of {step}, clean {clean}");
}

#[tokio::test(start_paused = true)]
async fn a_muted_track_sends_silence_then_rests_and_its_source_keeps_its_pace() {
    let source = SourceQueue::new(48_000, 1, 100);
    let mut sender = sender(&source, no_dtx());
    let pcm = tone::sine(4.0, 440.0, 48_000);
    let producer = {
        let source = Arc::clone(&source);
        let pcm = pcm.clone();
        tokio::spawn(async move {
            for chunk in pcm.chunks(480) {
                source.capture(&frame(chunk, 48_000, 1)).await.expect("capture");
            }
            Instant::now()
        })
    };
    let began = Instant::now();
    tokio::task::yield_now().await;
    let talking = run(&mut sender, 1_000).await;
    sender.set_enabled(false);
    let muted = run(&mut sender, 2_000).await;
    sender.set_enabled(true);
    let again = run(&mut sender, 1_000).await;
    assert!(talking.len() >= 48);
    let sent = muted.iter().filter(|packet| is_speech(packet)).count();
    assert!(sent <= 11, "{sent} packets of silence");
    assert!((5..=7).contains(&(muted.len() - sent)), "{} keep-alives", muted.len() - sent);
    assert!(again[0].marker && again.len() >= 45);
    let took = producer.await.expect("producer") - began;
    assert!((3_800..4_000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_producer_in_real_time_that_is_late_at_times_gets_ahead_and_is_not_cut() {
    let source = SourceQueue::new(48_000, 1, 0);
    let mut sender = sender(&source, no_dtx());
    let pcm = tone::sine(10.0, 440.0, 48_000);
    let producer = {
        let source = Arc::clone(&source);
        tokio::spawn(async move {
            let start = Instant::now();
            for (index, chunk) in pcm.chunks(480).enumerate() {
                let late = (index as u64 * 7) % 9;
                tokio::time::sleep_until(start + Duration::from_millis(index as u64 * 10 + late)).await;
                source.capture(&frame(chunk, 48_000, 1)).await.expect("capture");
            }
        })
    };
    let packets = run(&mut sender, 10_000).await;
    producer.await.expect("producer");
    let speech = packets.iter().filter(|packet| is_speech(packet)).count();
    assert!(speech >= 496, "{speech}");
}

#[tokio::test(start_paused = true)]
async fn after_a_stall_of_the_driver_little_is_made_up_for_and_the_rest_skipped() {
    let source = SourceQueue::new(48_000, 1, 10_000);
    let mut sender = sender(&source, no_dtx());
    source.capture(&frame(&tone::sine(9.0, 440.0, 48_000), 48_000, 1)).await.expect("capture");
    run(&mut sender, 1_000).await;
    tokio::time::sleep(Duration::from_millis(480)).await;
    let now = Instant::now().into_std();
    let mut burst = Vec::new();
    while sender.deadline() <= now {
        burst.extend(sender.poll(now));
    }
    assert_eq!(burst.len(), 11);
    assert_eq!(burst[0].rtp_time / 960, 64);
    assert_eq!(burst[10].rtp_time / 960, 74);
}

#[tokio::test(start_paused = true)]
async fn dtx_leaves_silence_out_and_marks_what_follows() {
    let source = SourceQueue::new(48_000, 1, 20_000);
    let mut sender = sender(&source, SenderOptions::default());
    let mut pcm = tone::voice(1.0, 48_000);
    pcm.extend(vec![0; 4 * 48_000]);
    pcm.extend(tone::voice(1.0, 48_000));
    source.capture(&frame(&pcm, 48_000, 1)).await.expect("capture");
    let packets = run(&mut sender, 6_000).await;
    println!("{} packets of 300", packets.len());
    assert!(packets.len() < 170, "{}", packets.len());
    let markers: Vec<u64> =
        packets.iter().filter(|packet| packet.marker).map(|packet| packet.rtp_time / 48).collect();
    assert_eq!(markers[0], 0);
    assert!(markers.iter().any(|&ms| (4_980..5_100).contains(&ms)), "{markers:?}");
}

#[tokio::test(start_paused = true)]
async fn the_bitrate_asked_for_is_kept() {
    for bitrate in [12_000, 32_000, 64_000] {
        let source = SourceQueue::new(48_000, 1, 20_000);
        let options = SenderOptions { bitrate: Some(bitrate), ..no_dtx() };
        let mut sender = sender(&source, options);
        source.capture(&frame(&tone::voice(10.0, 48_000), 48_000, 1)).await.expect("capture");
        let packets = run(&mut sender, 10_000).await;
        let bits: usize = packets.iter().map(|packet| packet.payload.len() * 8).sum();
        let rate = bits as f64 / 10.0;
        println!("{bitrate}: {rate} bit/s");
        assert!((0.5..1.2).contains(&(rate / f64::from(bitrate))), "{bitrate}: {rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn speech_has_redundancy_at_every_rate_unless_switched_off() {
    for rate in [8_000, 16_000, 24_000, 44_100, 48_000] {
        for fec in [true, false] {
            let source = SourceQueue::new(rate, 1, 20_000);
            let mut sender = sender(&source, SenderOptions { fec, ..no_dtx() });
            sender.set_packet_loss(0).expect("packet loss");
            source.capture(&frame(&tone::voice(10.0, rate), rate, 1)).await.expect("capture");
            let packets = run(&mut sender, 10_000).await;
            let redundant = packets.iter().filter(|packet| opus_packet::has_fec(&packet.payload)).count();
            assert_eq!(redundant > packets.len() / 2, fec, "{rate} Hz: {redundant} of {}", packets.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_level_is_that_of_the_last_packet() {
    let source = SourceQueue::new(48_000, 1, 5_000);
    let mut sender = sender(&source, no_dtx());
    assert_eq!(sender.audio_level_dbov(), -127);
    source.capture(&frame(&tone::sine(1.0, 440.0, 48_000), 48_000, 1)).await.expect("capture");
    run(&mut sender, 900).await;
    // 10 000 of 32 767 at its peak, 3 dB less in the mean.
    assert_eq!(sender.audio_level_dbov(), -13);
    run(&mut sender, 200).await;
    assert_eq!(sender.audio_level_dbov(), -127);
    run(&mut sender, 1_000).await;
    source.capture(&frame(&[i16::MIN].repeat(9_600), 48_000, 1)).await.expect("capture");
    run(&mut sender, 100).await;
    assert_eq!(sender.audio_level_dbov(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_pace_of_capture_gives_at_most_one_packet_per_slot_on_real_time(
        steps in prop::collection::vec((0_usize..4_000, 0_u64..120, any::<bool>()), 1..60),
        queue_size_ms in prop::sample::select(vec![0_u32, 10, 200]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let packets = runtime.block_on(async {
            let source = SourceQueue::new(16_000, 1, queue_size_ms);
            let mut sender = sender(&source, SenderOptions::default());
            let mut packets = Vec::new();
            for (samples, pause_ms, enabled) in steps {
                sender.set_enabled(enabled);
                let pcm = vec![1_000; if queue_size_ms == 0 { 160 } else { samples }];
                let frame = frame(&pcm, 16_000, 1);
                let cut = tokio::time::timeout(Duration::from_millis(pause_ms), source.capture(&frame));
                if let Ok(captured) = cut.await {
                    captured.expect("capture");
                }
                packets.extend(run(&mut sender, pause_ms).await);
            }
            packets
        });
        for pair in packets.windows(2) {
            prop_assert!(pair[0].rtp_time < pair[1].rtp_time);
            let passed = pair[1].captured - pair[0].captured;
            prop_assert_eq!(u128::from(pair[1].rtp_time - pair[0].rtp_time), passed.as_millis() * 48);
        }
        prop_assert!(packets.iter().all(|packet| packet.rtp_time % 960 == 0 && !packet.payload.is_empty()));
    }
}
