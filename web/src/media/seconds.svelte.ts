// A value that changes every second, for clocks; it ticks while a component shows it.

/** seconds gives a rune that changes each second; call it while a component is set up. */
export function seconds(): { readonly value: number } {
  let value = $state(0);
  $effect(() => {
    const timer = setInterval(() => (value += 1), 1000);
    return () => clearInterval(timer);
  });
  return {
    get value() {
      return value;
    },
  };
}
