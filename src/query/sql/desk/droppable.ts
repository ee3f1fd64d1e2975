/** A generator that is dropped before it was begun does not run its `finally`; here `drop` is called then. */
export function droppable<T>(
  items: AsyncGenerator<T, void, undefined>,
  drop: () => void,
): AsyncGenerator<T, void, undefined> {
  let begun = false;
  const ending = (): void => {
    if (!begun) drop();
    begun = true;
  };
  return {
    next() {
      begun = true;
      return items.next();
    },
    return(value) {
      ending();
      return items.return(value);
    },
    throw(error) {
      ending();
      return items.throw(error);
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
