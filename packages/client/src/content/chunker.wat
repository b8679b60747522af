;; The innermost loop of the chunker: one step a byte. `chunker-wasm.ts` holds it assembled; a test assembles it again and compares.
;;
;; Memory: the gear table (256 words) from 0, the bytes from 1,024.
(module
  (memory (export "memory") 1)
  (global $rolling (export "rolling") (mut i32) (i32.const 0))

  ;; Rolls over the bytes at $at … $to (addresses). Gives the address after the first byte whose hash has the bits of $mask all zero,
  ;; or -1 where none has. The rolling hash begins as it is in the global, and is left there.
  (func (export "scan") (param $at i32) (param $to i32) (param $mask i32) (result i32)
    (local $hash i32)
    (local.set $hash (global.get $rolling))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (local.get $at) (local.get $to)))
        (local.set $hash
          (i32.add
            (i32.shl (local.get $hash) (i32.const 1))
            (i32.load (i32.shl (i32.load8_u (local.get $at)) (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.and (local.get $hash) (local.get $mask)))
        (global.set $rolling (local.get $hash))
        (return (local.get $at))))
    (global.set $rolling (local.get $hash))
    (i32.const -1)))
