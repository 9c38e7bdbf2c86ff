// Put grey pixels on a canvas: `levels` are 0 (black) to 255, row by row, those of the picture from `start` on.
function paintPixels(canvas, width, height, levels, start = 0) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    picture.data.fill(levels?.[start + pixel] ?? 0, pixel * 4, pixel * 4 + 3);
    picture.data[pixel * 4 + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}
