import Foundation

/// A place on the pad, in any unit; y grows downward.
public struct Point {
    public var x, y: Double

    public init(x: Double, y: Double) {
        (self.x, self.y) = (x, y)
    }
}

/// A digit, or nil if the drawing probably shows none, and the probability of the most probable digit.
public struct Answer {
    public let digit: Int?
    public let probability: Double
}

/// What comes before and after the network: a drawing of one digit to the image that it reads, its scores to an answer.
public struct Reader {
    private let side, inkSide, fineSide: Int
    private let center, pen, steep, halfSure, alone: Double

    /// - Parameters:
    ///   - constants: `src/tenfold/base/constants.json`
    ///   - thresholds: `src/tenfold/models/shipped/thresholds.json`
    public init(constants: Data, thresholds: Data) throws {
        let decoder = JSONDecoder()
        let shared = try decoder.decode(Constants.self, from: constants)
        side = shared.form.SIDE
        inkSide = shared.form.INK_SIDE
        center = shared.form.CENTER
        fineSide = shared.normalize.FINE * inkSide
        // as wide as strokes usually are in MNIST, so that they need not be thickened or thinned
        pen = Double(shared.normalize.FINE) * (shared.normalize.THINNEST + shared.normalize.THICKEST) / 2
        steep = shared.refusal.STEEP
        halfSure = shared.refusal.HALF_SURE
        alone = try decoder.decode(Thresholds.self, from: thresholds).alone
    }

    /// Turn a drawing into an image like those of MNIST: the longer side of the ink has 20 pixels, its center of mass
    /// is in the middle.
    ///
    /// - Parameters:
    ///   - strokes: the points of each stroke
    ///   - smallest: a drawing that is no larger is a tap, not a digit: the width of a stroke on the screen
    /// - Returns: 28 rows of 28 pixels, 0 is paper and 255 ink; nil for a tap, and without strokes
    public func image(_ strokes: [[Point]], smallest: Double) -> [UInt8]? {
        let points = strokes.joined()
        guard let left = points.map(\.x).min(), let right = points.map(\.x).max(),
              let top = points.map(\.y).min(), let bottom = points.map(\.y).max() else { return nil }
        let longest = max(right - left, bottom - top)
        guard longest > smallest else { return nil }
        let scale = (Double(fineSide) - 1 - pen) / longest // 1 for the soft edges
        let margin = (pen + 1) / 2
        return center(shrink(draw(strokes.map { stroke in
            stroke.map { Point(x: ($0.x - left) * scale + margin, y: ($0.y - top) * scale + margin) }
        })))
    }

    /// The answer that the network's ten scores (logits) mean; it is refused as `tenfold.base.refusal` does.
    public func answer(_ scores: [Float]) -> Answer {
        let highest = Double(scores.max()!)
        let total = log(scores.map { exp(Double($0) - highest) }.reduce(0, +))
        let logarithms = scores.map { Double($0) - highest - total } // of the probabilities
        let count = Double(scores.count)
        let distance = -logarithms.reduce(0, +) / count - log(count) // from even probabilities, in nats
        let certainty = 1 / (1 + exp(steep * (halfSure - distance)))
        let digit = scores.firstIndex(of: scores.max()!)!
        return Answer(digit: certainty >= alone ? digit : nil, probability: exp(logarithms[digit]))
    }

    /// Ink at the upper left of a raster, full where the pen was, fading over a pixel at its edge.
    private func draw(_ strokes: [[Point]]) -> [[Int]] {
        // a point is a segment, too
        let segments = strokes.flatMap { stroke in Array(zip(stroke, stroke.dropFirst() + [stroke[stroke.count - 1]])) }
        return (0..<fineSide).map { y in
            (0..<fineSide).map { x in
                let pixel = Point(x: Double(x) + 0.5, y: Double(y) + 0.5)
                let squared = segments.map { squaredDistance(pixel, $0, $1) }.min()!
                let share = min(max(pen / 2 + 0.5 - squared.squareRoot(), 0), 1)
                return Int((255 * share).rounded(.toNearestOrEven))
            }
        }
    }

    private func squaredDistance(_ pixel: Point, _ start: Point, _ end: Point) -> Double {
        let along = Point(x: end.x - start.x, y: end.y - start.y)
        let away = Point(x: pixel.x - start.x, y: pixel.y - start.y)
        let squaredLength = max(along.x * along.x + along.y * along.y, 1e-6)
        let share = min(max((away.x * along.x + away.y * along.y) / squaredLength, 0), 1)
        let beside = Point(x: away.x - share * along.x, y: away.y - share * along.y)
        return beside.x * beside.x + beside.y * beside.y
    }

    /// Scale until the longer side of the ink has 20 pixels, each the mean of the area that it covers.
    private func shrink(_ ink: [[Int]]) -> [[Int]] {
        let height = 1 + ink.lastIndex { row in row.contains { $0 > 0 } }!
        let width = 1 + ink.compactMap { row in row.lastIndex { $0 > 0 } }.max()!
        let (rows, columns) = (shares(of: height), shares(of: width))
        return rows.map { down in
            columns.map { across in
                var sum: Float = 0
                for (row, partDown) in down {
                    var sumAcross: Float = 0
                    for (column, part) in across { sumAcross += Float(ink[row][column]) * part }
                    sum += sumAcross * partDown
                }
                return Int(sum.rounded(.toNearestOrEven))
            }
        }
    }

    /// Which of `length` pixels lie in each larger one that they become, and the share of it that they cover.
    private func shares(of length: Int) -> [[(Int, Float)]] {
        let count = max(1, Int((Double(length * inkSide) / Double(fineSide)).rounded(.toNearestOrEven)))
        let step = Double(length) / Double(count)
        return (0..<count).map { i in
            let (start, end) = (Double(i) * step, Double(i + 1) * step)
            return (Int(start)..<min(Int(end.rounded(.up)), length)).map { pixel in
                (pixel, Float((min(Double(pixel + 1), end) - max(Double(pixel), start)) / step))
            }
        }
    }

    /// Place ink at full strength so that its center of mass is in the middle, or as close to it as it fits.
    private func center(_ small: [[Int]]) -> [UInt8] {
        let strength = 255 / Float(small.joined().max()!)
        let ink = small.map { row in row.map { Float($0) * strength } }
        let top = start(ink.map { row in row.reduce(0) { $0 + Double($1) } })
        let left = start(ink[0].indices.map { x in ink.reduce(0) { $0 + Double($1[x]) } })
        var image = [UInt8](repeating: 0, count: side * side)
        for (y, row) in ink.enumerated() {
            for (x, level) in row.enumerated() {
                image[(top + y) * side + left + x] = UInt8(level.rounded(.toNearestOrEven))
            }
        }
        return image
    }

    /// Where ink starts along an axis of the image, given its sums along the other.
    private func start(_ sums: [Double]) -> Int {
        let middle = sums.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } / sums.reduce(0, +)
        return min(max(Int((center - middle).rounded(.toNearestOrEven)), 0), side - sums.count)
    }
}

/// What is needed of `constants.json`, by the names there.
private struct Constants: Decodable {
    struct Form: Decodable { let SIDE, INK_SIDE: Int, CENTER: Double }
    struct Normalize: Decodable { let FINE: Int, THINNEST, THICKEST: Double }
    struct Refusal: Decodable { let HALF_SURE, STEEP: Double }

    let form: Form
    let normalize: Normalize
    let refusal: Refusal
}

private struct Thresholds: Decodable { let alone: Double }
