/** Events in larger groups than a reader yields them: what is asked of the tables once a group is asked seldom. */
import type { ReadEvent } from '../reader.ts';

/** `chars`: a group is full when the texts in it are as long. A failure of the reader comes after what came before it. */
export async function* largeGroups(
  groups: AsyncIterable<readonly ReadEvent[]>,
  chars: number,
): AsyncIterable<readonly ReadEvent[]> {
  let group: ReadEvent[] = [];
  let length = 0;
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const events of groups) {
      for (const event of events) {
        group.push(event);
        if (event.type === 'section') length += event.section.text.length;
      }
      if (length < chars) continue;
      yield group;
      group = [];
      length = 0;
    }
  } catch (error) {
    failure = { error };
  }
  if (group.length > 0) yield group;
  if (failure !== undefined) throw failure.error;
}
