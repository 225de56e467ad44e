//! Where the audio of a local track comes from.

/// The rate that sources without one of their own report, in Hz.
pub const DEFAULT_SAMPLE_RATE: u32 = 48_000;

/// The number of channels that sources without one of their own report.
pub const DEFAULT_NUM_CHANNELS: u32 = 1;

/// Processing asked for. Kept and given back, without effect: what is captured is sent as it is.
#[derive(Default, Debug, Clone)]
pub struct AudioSourceOptions {
    /// Cancel echo.
    pub echo_cancellation: bool,
    /// Suppress noise.
    pub noise_suppression: bool,
    /// Level the volume.
    pub auto_gain_control: bool,
}

/// A source of audio.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum RtcAudioSource {
    /// PCM pushed by the program.
    Native(native::NativeAudioSource),
    /// The platform's microphone: silent here, as devices are not supported.
    Device,
}

impl RtcAudioSource {
    /// Keeps the options.
    pub fn set_audio_options(&self, options: AudioSourceOptions) {
        if let Self::Native(source) = self {
            source.set_audio_options(options);
        }
    }

    /// The options last set.
    pub fn audio_options(&self) -> AudioSourceOptions {
        match self {
            Self::Native(source) => source.audio_options(),
            Self::Device => AudioSourceOptions::default(),
        }
    }

    /// The sample rate in Hz.
    pub fn sample_rate(&self) -> u32 {
        match self {
            Self::Native(source) => source.sample_rate(),
            Self::Device => DEFAULT_SAMPLE_RATE,
        }
    }

    /// The number of channels.
    pub fn num_channels(&self) -> u32 {
        match self {
            Self::Native(source) => source.num_channels(),
            Self::Device => DEFAULT_NUM_CHANNELS,
        }
    }
}

/// Sources whose PCM is pushed by the program.
pub mod native {
    use std::{fmt, sync::Arc};

    use parking_lot::Mutex;
    use tokio::sync::Notify;

    use super::AudioSourceOptions;
    use crate::{
        RtcError,
        audio::{SourceQueue, SourceReader},
        audio_frame::AudioFrame,
    };

    /// A source of PCM with a bounded queue. Clones share it.
    #[derive(Clone)]
    pub struct NativeAudioSource {
        queue: Arc<SourceQueue>,
        options: Arc<Mutex<AudioSourceOptions>>,
    }

    impl NativeAudioSource {
        /// A source of `sample_rate` Hz that queues up to `queue_size_ms` milliseconds.
        ///
        /// With a queue of 0 ms every captured frame must be 10 ms long and is handed on at once.
        ///
        /// # Panics
        /// When `queue_size_ms` is not a multiple of 10.
        pub fn new(
            options: AudioSourceOptions,
            sample_rate: u32,
            num_channels: u32,
            queue_size_ms: u32,
        ) -> Self {
            Self {
                queue: SourceQueue::new(sample_rate, num_channels, queue_size_ms),
                options: Arc::new(Mutex::new(options)),
            }
        }

        /// Drops what is queued; waiting calls of [`NativeAudioSource::capture_frame`] go on.
        pub fn clear_buffer(&self) {
            self.queue.clear();
        }

        /// Queues the frame and waits until there is room for the next one. This paces the caller at the speed of
        /// playback. When the future is dropped, the frame may be queued in part.
        ///
        /// # Errors
        /// When rate or channels differ from those of the source, or a 0 ms queue gets something else than 10 ms.
        pub async fn capture_frame(&self, frame: &AudioFrame<'_>) -> Result<(), RtcError> {
            self.queue.capture(frame).await.map_err(RtcError::invalid_state)
        }

        /// Keeps the options.
        pub fn set_audio_options(&self, options: AudioSourceOptions) {
            *self.options.lock() = options;
        }

        /// The options last set.
        pub fn audio_options(&self) -> AudioSourceOptions {
            self.options.lock().clone()
        }

        /// The sample rate in Hz.
        pub fn sample_rate(&self) -> u32 {
            self.queue.sample_rate()
        }

        /// The number of channels.
        pub fn num_channels(&self) -> u32 {
            self.queue.channels()
        }

        /// A reader of all that is captured from now on; `filled` fires when an idle reader gets samples.
        pub(crate) fn reader(&self, filled: Arc<Notify>) -> SourceReader {
            self.queue.reader(filled)
        }
    }

    impl fmt::Debug for NativeAudioSource {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("NativeAudioSource")
                .field("sample_rate", &self.sample_rate())
                .field("num_channels", &self.num_channels())
                .finish_non_exhaustive()
        }
    }
}
