//! Buffers of planes. They start out black.

use super::{VideoBuffer, VideoBufferType};

/// Keeps other crates from implementing [`VideoBuffer`].
pub trait Sealed {}

/// Defines a buffer of three planes of equal sample type.
macro_rules! three_planes {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $cast:ident, $sample:ty, $neutral:expr, $chroma_width:expr, $chroma_height:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            width: u32,
            height: u32,
            strides: (u32, u32, u32),
            y: Vec<$sample>,
            u: Vec<$sample>,
            v: Vec<$sample>,
        }

        impl $name {
            /// A black picture without padding.
            pub fn new(width: u32, height: u32) -> Self {
                let chroma: fn(u32) -> u32 = $chroma_width;
                Self::with_strides(width, height, width, chroma(width), chroma(width))
            }

            /// A black picture whose lines are `stride_*` samples apart.
            pub fn with_strides(width: u32, height: u32, stride_y: u32, stride_u: u32, stride_v: u32) -> Self {
                let chroma_lines: fn(u32) -> u32 = $chroma_height;
                let plane = |stride: u32, lines: u32, value| vec![value; stride as usize * lines as usize];
                Self {
                    width,
                    height,
                    strides: (stride_y, stride_u, stride_v),
                    y: plane(stride_y, height, 0),
                    u: plane(stride_u, chroma_lines(height), $neutral),
                    v: plane(stride_v, chroma_lines(height), $neutral),
                }
            }

            /// Width of a chroma plane in samples.
            pub fn chroma_width(&self) -> u32 {
                let chroma: fn(u32) -> u32 = $chroma_width;
                chroma(self.width)
            }

            /// Height of a chroma plane in lines.
            pub fn chroma_height(&self) -> u32 {
                let chroma: fn(u32) -> u32 = $chroma_height;
                chroma(self.height)
            }

            /// Distances of lines in samples, for Y, U and V.
            pub fn strides(&self) -> (u32, u32, u32) {
                self.strides
            }

            /// The planes Y, U and V.
            pub fn data(&self) -> (&[$sample], &[$sample], &[$sample]) {
                (&self.y, &self.u, &self.v)
            }

            /// The planes Y, U and V.
            pub fn data_mut(&mut self) -> (&mut [$sample], &mut [$sample], &mut [$sample]) {
                (&mut self.y, &mut self.u, &mut self.v)
            }
        }

        buffer!($name, $variant, $cast);
    };
}

/// Makes a type a buffer.
macro_rules! buffer {
    ($name:ident, $variant:ident, $cast:ident) => {
        impl Sealed for $name {}

        impl VideoBuffer for $name {
            fn width(&self) -> u32 {
                self.width
            }

            fn height(&self) -> u32 {
                self.height
            }

            fn buffer_type(&self) -> VideoBufferType {
                VideoBufferType::$variant
            }

            fn $cast(&self) -> Option<&$name> {
                Some(self)
            }
        }

        impl AsRef<dyn VideoBuffer> for $name {
            fn as_ref(&self) -> &(dyn VideoBuffer + 'static) {
                self
            }
        }
    };
}

fn half(length: u32) -> u32 {
    length.div_ceil(2)
}

fn whole(length: u32) -> u32 {
    length
}

three_planes!(
    /// 8 bits, chroma of half width and height.
    I420Buffer, I420, as_i420, u8, 128, half, half
);
three_planes!(
    /// 8 bits, chroma of half width.
    I422Buffer, I422, as_i422, u8, 128, half, whole
);
three_planes!(
    /// 8 bits, chroma of full size.
    I444Buffer, I444, as_i444, u8, 128, whole, whole
);
three_planes!(
    /// 10 bits in 16, chroma of half width and height.
    I010Buffer, I010, as_i010, u16, 512, half, half
);

impl I420Buffer {
    /// A black picture without padding; the same as [`I420Buffer::new`].
    pub fn new_black(width: u32, height: u32) -> Self {
        Self::new(width, height)
    }
}

/// 8 bits with alpha. Cannot be made here, only named.
#[derive(Debug, Clone)]
pub struct I420ABuffer {
    width: u32,
    height: u32,
}

buffer!(I420ABuffer, I420A, as_i420a);

/// 8 bits, chroma interleaved at half width and height.
#[derive(Debug, Clone)]
pub struct NV12Buffer {
    width: u32,
    height: u32,
    strides: (u32, u32),
    y: Vec<u8>,
    uv: Vec<u8>,
}

buffer!(NV12Buffer, NV12, as_nv12);

impl NV12Buffer {
    /// A black picture without padding.
    pub fn new(width: u32, height: u32) -> Self {
        Self::with_strides(width, height, width, width + width % 2)
    }

    /// A black picture whose lines are `stride_*` bytes apart.
    pub fn with_strides(width: u32, height: u32, stride_y: u32, stride_uv: u32) -> Self {
        Self {
            width,
            height,
            strides: (stride_y, stride_uv),
            y: vec![0; stride_y as usize * height as usize],
            uv: vec![128; stride_uv as usize * half(height) as usize],
        }
    }

    /// Width of the chroma plane in pairs.
    pub fn chroma_width(&self) -> u32 {
        half(self.width)
    }

    /// Height of the chroma plane in lines.
    pub fn chroma_height(&self) -> u32 {
        half(self.height)
    }

    /// Distances of lines in bytes, for Y and UV.
    pub fn strides(&self) -> (u32, u32) {
        self.strides
    }

    /// The planes Y and UV.
    pub fn data(&self) -> (&[u8], &[u8]) {
        (&self.y, &self.uv)
    }

    /// The planes Y and UV.
    pub fn data_mut(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.y, &mut self.uv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_picture_is_black_and_of_odd_size_rounded_up() {
        let picture = I420Buffer::new_black(5, 3);
        let (y, u, v) = picture.data();
        assert_eq!((y.len(), u.len(), v.len()), (15, 6, 6));
        assert!(y.iter().all(|&sample| sample == 0));
        assert!(u.iter().chain(v).all(|&sample| sample == 128));
    }
}
