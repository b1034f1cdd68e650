import { a } from "./b";

/** A user. */
export interface User {
  name: string;
  greet(x: number): string;
}

export type Pair<A, B> = {
  a: A;
};

// Counts.
@Injectable({ providedIn: 'root' })
export class Counter<T extends User> extends Base implements X {
  private n = 0;
  constructor(private readonly http: Http, @Inject(FOO) foo: Foo = {}) {
    super();
    if (foo) { this.n = 1; }
  }
  get value(): number { return this.n; }
  async load<K>(k: K, cb: (x: K) => void): Promise<Map<string, K>> {
    const re = /["{]/;
    return `a${`b{`}c`;
  }
  handler = (e: Event): void => {
    this.n++;
  };
}

export const add = (a: number, b: number): number => {
  return a + b;
};

const sub = async a => { return a }

export default function main() {
  for (let i = 0; i < 3; i++) { console.log(i); }
}

enum Color { Red, Green }

describe("x", () => {
  it("works", async () => { expect(1).toBe(1); });
});

module.exports = {
  foo() { return 1 },
};
Foo.prototype.bar = function () { return 2; };
