//! PCM of a remote track.

/// Streams of decoded audio.
pub mod native {
    use std::{
        fmt,
        pin::Pin,
        sync::Arc,
        task::{Context, Poll},
    };

    use tokio_stream::Stream;

    use crate::{audio::AudioSink, audio_frame::AudioFrame, audio_track::RtcAudioTrack};

    const DEFAULT_QUEUE_FRAMES: usize = 10;

    /// Options of an audio stream.
    #[derive(Clone, Debug, Default)]
    pub struct NativeAudioStreamOptions {
        /// Bound of the frame queue; the oldest frame is dropped when it is full.
        ///
        /// `None` is 10 frames (100 ms), `Some(0)` has no bound.
        pub queue_size_frames: Option<usize>,
    }

    /// A frame of 10 ms every 10 ms while the track is received: decoded, concealed, or silent.
    ///
    /// The stream ends when the track does: on unsubscription and when the connection closes.
    pub struct NativeAudioStream {
        track: RtcAudioTrack,
        sink: Option<Arc<AudioSink>>,
    }

    impl NativeAudioStream {
        /// A stream at `sample_rate` Hz with `num_channels` channels (1 or 2) and the default queue.
        ///
        /// Rates that cannot be delivered end the stream at once, with an error in the log.
        pub fn new(audio_track: RtcAudioTrack, sample_rate: i32, num_channels: i32) -> Self {
            Self::with_options(audio_track, sample_rate, num_channels, NativeAudioStreamOptions::default())
        }

        /// As [`NativeAudioStream::new`], with options.
        pub fn with_options(
            audio_track: RtcAudioTrack,
            sample_rate: i32,
            num_channels: i32,
            options: NativeAudioStreamOptions,
        ) -> Self {
            let bound = match options.queue_size_frames {
                None => Some(DEFAULT_QUEUE_FRAMES),
                Some(0) => None,
                bound => bound,
            };
            let rate = u32::try_from(sample_rate).unwrap_or(0);
            let channels = u32::try_from(num_channels).unwrap_or(0);
            let sink = match AudioSink::new(rate, channels, bound) {
                Ok(sink) => {
                    audio_track.sinks().add(&sink);
                    Some(sink)
                }
                Err(error) => {
                    log::error!("no audio stream at {sample_rate} Hz with {num_channels} channels: {error}");
                    None
                }
            };
            Self { track: audio_track, sink }
        }

        /// The track the stream was made on.
        pub fn track(&self) -> RtcAudioTrack {
            self.track.clone()
        }

        /// Stops the stream; it yields `None` from now on.
        pub fn close(&mut self) {
            if let Some(sink) = self.sink.take() {
                self.track.sinks().remove(&sink);
                sink.close();
            }
        }
    }

    impl Stream for NativeAudioStream {
        type Item = AudioFrame<'static>;

        fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            match &self.sink {
                Some(sink) => sink.poll_next(cx),
                None => Poll::Ready(None),
            }
        }
    }

    impl Drop for NativeAudioStream {
        fn drop(&mut self) {
            self.close();
        }
    }

    impl fmt::Debug for NativeAudioStream {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("NativeAudioStream").field("track", &self.track).finish_non_exhaustive()
        }
    }
}
