<?php
namespace App\Models;

/** A user. */
#[Entity]
final class User extends Base implements X
{
    private array $a = ['{' => 1];
    public function __construct(private string $n = "}", int ...$x) { parent::__construct(); }
    // Names.
    public static function name(): string
    {
        if (true) { return "{$this->x}"; }
        return fn() => 1;
    }
}
function &helper($a) { return $a; }
