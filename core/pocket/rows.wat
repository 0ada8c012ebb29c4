;; The inner loop of network.js: adds to a row of sums the product of a sparse vector and a matrix, by four rows of the
;; matrix and four columns at a time. Both counts are multiples of four, and neither is zero. Pointers are in bytes.
;; assembler.py turns this into a module; it knows the instructions that are used here, one in a line.
(module
  (import "page" "memory" (memory 1))
  (func (export "addRows")
    (param $sums i32)    ;; the row of sums, float32
    (param $end i32)     ;; where it ends
    (param $matrix i32)  ;; the matrix, float32, row after row
    (param $rows i32)    ;; the index in the matrix of each row's first element, int32
    (param $values i32)  ;; the factor of each row, float32
    (param $stop i32)    ;; where the indices end
    (local $sum i32)
    (local $p i32)
    (local $q i32)
    (local $r i32)
    (local $s i32)
    (local $a v128)
    (local $b v128)
    (local $c v128)
    (local $d v128)
    loop $four
      ;; the factors, each in all four lanes
      local.get $values
      v128.load32_splat
      local.set $a
      local.get $values
      v128.load32_splat offset=4
      local.set $b
      local.get $values
      v128.load32_splat offset=8
      local.set $c
      local.get $values
      v128.load32_splat offset=12
      local.set $d
      ;; where the rows are: matrix + 4 · index
      local.get $matrix
      local.get $rows
      i32.load
      i32.const 2
      i32.shl
      i32.add
      local.set $p
      local.get $matrix
      local.get $rows
      i32.load offset=4
      i32.const 2
      i32.shl
      i32.add
      local.set $q
      local.get $matrix
      local.get $rows
      i32.load offset=8
      i32.const 2
      i32.shl
      i32.add
      local.set $r
      local.get $matrix
      local.get $rows
      i32.load offset=12
      i32.const 2
      i32.shl
      i32.add
      local.set $s
      local.get $sums
      local.set $sum
      loop $column
        ;; sum + ((a·p + b·q) + (c·r + d·s))
        local.get $sum
        local.get $sum
        v128.load
        local.get $a
        local.get $p
        v128.load
        f32x4.mul
        local.get $b
        local.get $q
        v128.load
        f32x4.mul
        f32x4.add
        local.get $c
        local.get $r
        v128.load
        f32x4.mul
        local.get $d
        local.get $s
        v128.load
        f32x4.mul
        f32x4.add
        f32x4.add
        f32x4.add
        v128.store
        local.get $p
        i32.const 16
        i32.add
        local.set $p
        local.get $q
        i32.const 16
        i32.add
        local.set $q
        local.get $r
        i32.const 16
        i32.add
        local.set $r
        local.get $s
        i32.const 16
        i32.add
        local.set $s
        local.get $sum
        i32.const 16
        i32.add
        local.tee $sum
        local.get $end
        i32.lt_u
        br_if $column
      end
      local.get $values
      i32.const 16
      i32.add
      local.set $values
      local.get $rows
      i32.const 16
      i32.add
      local.tee $rows
      local.get $stop
      i32.lt_u
      br_if $four
    end
  )
)
