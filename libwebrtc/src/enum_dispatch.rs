//! The `enum_dispatch!` macro, part of the interface that `livekit` builds on.

/// Writes methods on an enum that call the method of the same name on whatever the variant holds.
///
/// `enum_dispatch!([A, B]; pub fn id(self: &Self) -> String;)` makes `Self::A(x)` and `Self::B(x)` answer
/// with `x.id()`. Every listed variant must be a tuple variant with one field.
#[macro_export]
macro_rules! enum_dispatch {
    (@call $variants:tt $method:ident $receiver:ident $arguments:tt) => {
        $crate::enum_dispatch!(@arms $variants $method $receiver $arguments)
    };
    (@arms [$($variant:ident),+] $method:ident $receiver:ident $arguments:tt) => {
        match $receiver {
            $(Self::$variant(held) => $crate::enum_dispatch!(@invoke held $method $arguments),)+
        }
    };
    (@invoke $held:ident $method:ident ($($argument:ident),*)) => {
        $held.$method($($argument),*)
    };
    ($variants:tt; $($visibility:vis fn $method:ident($receiver:ident: $self_type:ty $(, $argument:ident: $type:ty)* $(,)?) -> $output:ty;)+) => {
        $(
            #[doc = concat!("Calls `", stringify!($method), "` on the variant's content.")]
            #[inline]
            $visibility fn $method($receiver: $self_type $(, $argument: $type)*) -> $output {
                $crate::enum_dispatch!(@call $variants $method $receiver ($($argument),*))
            }
        )+
    };
}
