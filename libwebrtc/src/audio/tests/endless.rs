use std::time::Duration;

use super::super::{opus_packet, playout::Playout};

#[test]
fn ten_minutes_of_dtx_silence_cost_no_concealment_and_add_no_delay() {
    let mut playout = Playout::new(16_000, 1).expect("playout");
    let start = tokio::time::Instant::now().into_std();
    let mut heard = 0_u64;
    for tick in 0..60_000_u64 {
        let now = start + Duration::from_millis(tick * 10);
        if tick % 40 == 0 {
            playout.push(tick / 40, tick * 480, &[opus_packet::SILENCE_TOC], now);
        }
        let frame = playout.pull_10ms(now);
        assert_eq!(frame.data.len(), 160);
        heard += frame.data.iter().filter(|&&sample| sample != 0).count() as u64;
    }
    let stats = playout.stats();
    println!("{stats:?}");
    assert_eq!(heard, 0);
    assert_eq!((stats.concealed_samples, stats.packets_late, stats.packets_discarded), (0, 0, 0));
    assert_eq!(stats.total_samples, 60_000 * 480);
}
