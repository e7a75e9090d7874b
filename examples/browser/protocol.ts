/**
 * What the page and its worker say to each other. Read next: worker.ts, main.ts.
 */

/** What a network can be trained on: the CPU engine, or a GPU in one of two ways. */
export type Place = 'engine' | 'webgpu' | 'webgl2'
export const PLACES: readonly Place[] = ['engine', 'webgpu', 'webgl2']

export type NetworkName = 'perceptron' | 'convolutional'

/** What to train, on what, and how long. */
export type Plan = {
  readonly place: Place
  readonly network: NetworkName
  readonly epochs: number
  /** How many images to train on, and how many others to test with. */
  readonly images: number
  readonly tests: number
}

export type Request =
  | { readonly tag: 'train'; readonly plan: Plan }
  | { readonly tag: 'stop' }
  /** 28×28 pixels from 0 to 1, as MNIST has them. */
  | { readonly tag: 'classify'; readonly pixels: Float32Array }
  | { readonly tag: 'sample' }

/** Mean loss in nats, and the share of images that were classified rightly. */
export type Scores = { readonly loss: number; readonly accuracy: number }

/** Scores after so many epochs, which may be fractions of one. */
export type Point = Scores & { readonly epoch: number }

export type Reply =
  | { readonly tag: 'place'; readonly place: Place; readonly available: boolean; readonly about: string }
  | { readonly tag: 'working'; readonly on: string }
  /** Training images, since the point before. */
  | { readonly tag: 'measured'; readonly point: Point }
  /** All test images. Rows of the confusion matrix are labels, columns are answers. */
  | { readonly tag: 'tested'; readonly point: Point; readonly confusion: readonly (readonly number[])[] }
  | { readonly tag: 'ended'; readonly stopped: boolean; readonly imagesPerSecond: number; readonly place: string }
  | { readonly tag: 'failed'; readonly request: Request['tag']; readonly why: string }
  /** One for each digit; null when no network has been trained. */
  | { readonly tag: 'classified'; readonly probabilities: readonly number[] | null }
  | { readonly tag: 'sample'; readonly pixels: Float32Array; readonly label: number }
