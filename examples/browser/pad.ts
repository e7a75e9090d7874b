/**
 * The pad: a canvas to draw on with a finger, a mouse, or the keyboard. What has been drawn is the opacity of its pixels.
 */
import type { Picture } from './drawing.ts'

export type Pad = {
  readonly picture: () => Picture
  readonly clear: () => void
  /** Draws an image of 28×28 pixels from 0 to 1. */
  readonly show: (pixels: Float32Array) => void
}

type Spot = { readonly x: number; readonly y: number }

/** Points along a side, the width of the pen, and how far a key moves it. */
const [SIZE, PEN, STRIDE] = [280, 20, 10]
const INK = '#16202c'
const IMAGE = 28

const moves: { readonly [key: string]: Spot } = {
  ArrowLeft: { x: -STRIDE, y: 0 },
  ArrowRight: { x: STRIDE, y: 0 },
  ArrowUp: { x: 0, y: -STRIDE },
  ArrowDown: { x: 0, y: STRIDE },
}

const contextOf = (canvas: HTMLCanvasElement): CanvasRenderingContext2D => {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('this browser draws on no canvas')
  return context
}

const within = (value: number): number => Math.max(0, Math.min(SIZE, value))

/** Draws with keys: arrows move the pen, which is seen as `cursor`, and the space bar lowers and lifts it. */
const drawByKeys = (
  canvas: HTMLCanvasElement,
  cursor: HTMLElement,
  line: (from: Spot, to: Spot) => void,
  clear: () => void,
): void => {
  let at: Spot = { x: SIZE / 2, y: SIZE / 2 }
  let isDown = false
  const showCursor = (): void => {
    cursor.style.left = `${(100 * at.x) / SIZE}%`
    cursor.style.top = `${(100 * at.y) / SIZE}%`
    cursor.classList.toggle('down', isDown)
  }
  canvas.addEventListener('keydown', event => {
    const move = moves[event.key]
    if (move !== undefined) {
      const to = { x: within(at.x + move.x), y: within(at.y + move.y) }
      if (isDown) line(at, to)
      at = to
    } else if (event.key === ' ') {
      isDown = !isDown
      if (isDown) line(at, at)
    } else if (event.key === 'Delete' || event.key === 'Backspace') clear()
    else return
    event.preventDefault()
    showCursor()
  })
  canvas.addEventListener('blur', () => {
    isDown = false
    showCursor()
  })
  showCursor()
}

const drawByPointer = (canvas: HTMLCanvasElement, line: (from: Spot, to: Spot) => void): void => {
  let last: Spot | null = null
  const spotOf = (event: PointerEvent): Spot => {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    return { x: ((event.clientX - left) / width) * SIZE, y: ((event.clientY - top) / height) * SIZE }
  }
  const lift = (): void => {
    last = null
  }
  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    last = spotOf(event)
    line(last, last)
  })
  canvas.addEventListener('pointermove', event => {
    if (last === null) return
    const to = spotOf(event)
    line(last, to)
    last = to
  })
  canvas.addEventListener('pointerup', lift)
  canvas.addEventListener('pointercancel', lift)
}

/** Makes a pad of a canvas; `changed` is called after each stroke. */
export const createPad = (canvas: HTMLCanvasElement, cursor: HTMLElement, changed: () => void): Pad => {
  canvas.width = canvas.height = SIZE
  const context = contextOf(canvas)
  Object.assign(context, { lineWidth: PEN, lineCap: 'round', lineJoin: 'round', strokeStyle: INK })
  const line = (from: Spot, to: Spot): void => {
    context.beginPath()
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
    context.stroke()
    changed()
  }
  const clear = (): void => {
    context.clearRect(0, 0, SIZE, SIZE)
    changed()
  }
  const show = (pixels: Float32Array): void => {
    const image = new OffscreenCanvas(IMAGE, IMAGE)
    const bytes = new Uint8ClampedArray(4 * IMAGE * IMAGE)
    for (const [i, ink] of pixels.entries()) bytes.set([0x16, 0x20, 0x2c, 255 * ink], 4 * i)
    image.getContext('2d')?.putImageData(new ImageData(bytes, IMAGE, IMAGE), 0, 0)
    context.clearRect(0, 0, SIZE, SIZE)
    context.drawImage(image, 0, 0, SIZE, SIZE)
    changed()
  }
  const picture = (): Picture => {
    const { data } = context.getImageData(0, 0, SIZE, SIZE)
    return {
      width: SIZE,
      height: SIZE,
      ink: Float32Array.from({ length: SIZE * SIZE }, (_, i) => (data[4 * i + 3] ?? 0) / 255),
    }
  }
  drawByPointer(canvas, line)
  drawByKeys(canvas, cursor, line, clear)
  return { picture, clear, show }
}

/** Shows the 28×28 pixels that the network gets; none for null. */
export const showPixels = (canvas: HTMLCanvasElement, pixels: Float32Array | null): void => {
  canvas.width = canvas.height = IMAGE
  const bytes = new Uint8ClampedArray(4 * IMAGE * IMAGE)
  for (let i = 0; i < IMAGE * IMAGE; i++) {
    const grey = 255 * (pixels?.[i] ?? 0)
    bytes.set([grey, grey, grey, 255], 4 * i)
  }
  contextOf(canvas).putImageData(new ImageData(bytes, IMAGE, IMAGE), 0, 0)
}
