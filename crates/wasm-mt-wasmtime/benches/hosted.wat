;; A guest whose jobs do next to nothing. A job is what the first number of its kind says.
(module
  (import "wasm_mt" "payload" (func $payload (param i32)))
  (import "wasm_mt" "result" (func $result (param i32 i32 i32)))
  (import "wasm_mt" "spawn" (func $spawn (param i32 i32 i32 i32) (result i64)))
  (import "wasm_mt" "wait" (func $wait (param i64) (result i32)))
  (import "wasm_mt" "take" (func $take (param i32)))
  (memory (export "memory") 4)
  (data (i32.const 0) "\00\00\00\00")
  (data (i32.const 16) "\01\00\00\00")
  (data (i32.const 32) "\02\00\00\00")
  (data (i32.const 48) "\03\00\00\00")
  (data (i32.const 64) "\04\00\00\00")
  (func (export "wasm_mt_job_empty") (result i32) (i32.const 0))
  (func (export "wasm_mt_job_silent") (result i32) (i32.const 16))
  (func (export "wasm_mt_job_trap") (result i32) (i32.const 32))
  (func (export "wasm_mt_job_spin") (result i32) (i32.const 48))
  (func (export "wasm_mt_job_many") (result i32) (i32.const 64))
  (func (export "wasm_mt_abi") (result i32) (i32.const 1))
  (func (export "nothing"))

  ;; As many children as the second byte says, of the kind that the first one says, are spawned, and then awaited; as often as the third
  ;; one says.
  (func $many (local $left i32) (local $at i32) (local $end i32) (local $again i32)
    (i32.store (i32.const 4096) (i32.load8_u (i32.const 1056)))
    (local.set $again (i32.load8_u (i32.const 1058)))
    (loop $repeats
    (local.set $left (i32.load8_u (i32.const 1057)))
    (loop $spawns
      (drop (call $spawn (i32.const 4096) (i32.const 32) (i32.const 0) (i32.const -1)))
      (br_if $spawns (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.set $left (i32.load8_u (i32.const 1057)))
    (loop $waits
      (local.set $at (i32.const 8192))
      (local.set $end (i32.add (local.get $at) (call $wait (i64.const -1))))
      (call $take (local.get $at))
      (loop $reads
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (local.set $at (i32.add (i32.add (local.get $at) (i32.const 20)) (i32.load offset=16 (local.get $at))))
        (br_if $reads (i32.lt_u (local.get $at) (local.get $end))))
      (br_if $waits (local.get $left)))
    (br_if $repeats (local.tee $again (i32.sub (local.get $again) (i32.const 1))))))

  (func (export "wasm_mt_run") (param $len i32)
    (call $payload (i32.const 1024))
    (block $empty (block $silent (block $trap (block $spin (block $many
      (br_table $empty $silent $trap $spin $many (i32.load (i32.const 1024))))
      (call $many)
      (br $empty))
      (loop $on (br $on)))
      (unreachable))
      (return))
    (call $result (i32.const 0) (i32.const 4092) (i32.const 4))))
