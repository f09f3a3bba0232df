// Pictures to start from: test images of Fashion-MNIST, on which the quickstart's model is tested.

const NAMES = { shirt: "a T-shirt", trousers: "trousers", dress: "a dress", bag: "a bag", boot: "an ankle boot" };

/**
 * Returns pictures by what they show.
 * @returns {[string, HTMLImageElement][]}
 */
export function examples() {
  return Object.entries(NAMES).map(([file, name]) => {
    const picture = new Image();
    picture.src = `examples/${file}.png`;
    picture.alt = "";
    return [name, picture];
  });
}
