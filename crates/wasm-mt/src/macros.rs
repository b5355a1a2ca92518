//! [`job!`](crate::job), the short way to a [`Job`](crate::Job).

/// Makes a [`Job`](crate::Job) of a closure that names what it takes along.
///
/// What stands between the bars are local variables: they are moved into the job, travel with it and have the same
/// names in its body. `name = expression` sends the value of an expression instead.
///
/// ```
/// use wasm_mt::{Job, job};
///
/// let (n, text) = (3, String::from("ab"));
/// let _: Job<usize> = job!(|n, text| text.len() * n);
/// let _: Job<i32> = job!(|| 42);
///
/// let (mut sum, values) = (0.5, vec![1.0, 2.0]);
/// let _: Job<f64> = job!(|mut sum, values: Vec<f64>,| -> f64 {
///     for value in values {
///         sum += value;
///     }
///     sum
/// });
///
/// let point = (1, 2);
/// let _: Job<i32> = job!(|x = point.0| x * x);
///
/// let url = String::from("/data");
/// let _: Job<usize> = job!(async |url| url.len());
/// ```
///
/// A variable that the body uses and the bars do not name is a compile error that points at it:
///
/// ```compile_fail,E0308
/// let (a, b) = (1, 2);
/// let job = wasm_mt::job!(|a| a + b);
/// ```
#[macro_export]
macro_rules! job {
    (move $($rest:tt)+) => { $crate::job!($($rest)+) };
    (async move $($rest:tt)+) => { $crate::job!(async $($rest)+) };
    (async || $($body:tt)+) => { $crate::__job!(@end new_async [] $($body)+) };
    (async | $($rest:tt)+) => { $crate::__job!(@next new_async [] $($rest)+) };
    (|| $($body:tt)+) => { $crate::__job!(@end new [] $($body)+) };
    (| $($rest:tt)+) => { $crate::__job!(@next new [] $($rest)+) };
}

/// Reads the parameters of `job!` one by one into `{ [mut] name [type] (value) }`.
#[doc(hidden)]
#[macro_export]
macro_rules! __job {
    (@next $m:ident [$($done:tt)*] | $($body:tt)+) => {
        $crate::__job!(@end $m [$($done)*] $($body)+)
    };
    (@next $m:ident [$($done:tt)*] mut $name:ident $($rest:tt)+) => {
        $crate::__job!(@name $m [$($done)*] [mut] $name $($rest)+)
    };
    (@next $m:ident [$($done:tt)*] $name:ident $($rest:tt)+) => {
        $crate::__job!(@name $m [$($done)*] [] $name $($rest)+)
    };

    (@name $m:ident $done:tt $mutability:tt $name:ident : $type:ty = $($rest:tt)+) => {
        $crate::__job!(@value $m $done $mutability $name [$type] [] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident : $type:ty , $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [$type] [$name] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident : $type:ty | $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [$type] [$name] | $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident = $($rest:tt)+) => {
        $crate::__job!(@value $m $done $mutability $name [_] [] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident , $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [_] [$name] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident | $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [_] [$name] | $($rest)+)
    };

    // A value ends at the first comma or bar outside brackets; an expression with a bar of its own needs them.
    (@value $m:ident $done:tt $mutability:tt $name:ident $type:tt [$($value:tt)+] , $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name $type [$($value)+] $($rest)+)
    };
    (@value $m:ident $done:tt $mutability:tt $name:ident $type:tt [$($value:tt)+] | $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name $type [$($value)+] | $($rest)+)
    };
    (@value $m:ident $done:tt $mutability:tt $name:ident $type:tt [$($value:tt)*] $next:tt $($rest:tt)+) => {
        $crate::__job!(@value $m $done $mutability $name $type [$($value)* $next] $($rest)+)
    };

    (@push $m:ident [$($done:tt)*] [$($mutability:tt)?] $name:ident [$type:ty] [$($value:tt)+] $($rest:tt)+) => {
        $crate::__job!(@next $m [$($done)* { [$($mutability)?] $name [$type] ($($value)+) }] $($rest)+)
    };

    (@end new [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] -> $result:ty $body:block) => {
        $crate::Job::new(($($($value)+,)*), |($($($mutability)? $name,)*): ($($type,)*)| -> $result { $body })
    };
    (@end new [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] $body:expr) => {
        $crate::Job::new(($($($value)+,)*), |($($($mutability)? $name,)*): ($($type,)*)| $body)
    };
    (@end new_async [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] -> $result:ty $body:block) => {
        $crate::Job::new_async(
            ($($($value)+,)*),
            |($($($mutability)? $name,)*): ($($type,)*)| $crate::__private::gives::<$result, _>(async move { $body }),
        )
    };
    (@end new_async [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] $body:expr) => {
        $crate::Job::new_async(
            ($($($value)+,)*),
            |($($($mutability)? $name,)*): ($($type,)*)| async move { $body },
        )
    };
}
