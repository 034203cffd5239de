/**
 * Scenes by the part of a link that restores them, but for the speed. Every option is named, so that they stay what they are
 * when a default changes; and all but the last take at least ten minutes, which is ten seconds at the highest speed.
 */
export const SCENES = {
  // Three thousand wait in each lane from the beginning, and the server refuses most of them at once.
  crowd:
    "tier=own&rpm=300&itpm=1000000&otpm=1000000&bucket=10&requests=3000&burst=3000&rate=600&input=400&output=350&interactive=20&neighbour=0&faults=0&seed=1",
  // As many as a visitor can ask for, with everything that goes wrong.
  most:
    "tier=own&rpm=500&itpm=1000000&otpm=1000000&bucket=10&requests=5000&burst=5000&rate=600&input=400&output=350&interactive=20&neighbour=30&faults=10&seed=1",
  // What a visitor sees first: at the highest speed it is over within two seconds.
  first:
    "tier=start&rpm=300&itpm=300000&otpm=100000&bucket=10&requests=1500&burst=400&rate=1100&input=400&output=350&interactive=20&neighbour=0&faults=0&seed=1",
};
