// Drives the iOS sample's reader: constants, thresholds; then drawings with scores on standard input, a line each.
import Foundation

let files = try CommandLine.arguments.dropFirst().map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
let reader = try Reader(constants: files[0], thresholds: files[1])
while let line = readLine() {
    let parts = line.split(separator: "|")
    let strokes = parts[0].split(separator: ";").map { stroke -> [Point] in
        let numbers = stroke.split(separator: " ").map { Double($0)! }
        return stride(from: 0, to: numbers.count, by: 2).map { Point(x: numbers[$0], y: numbers[$0 + 1]) }
    }
    let image = reader.image(strokes, smallest: 3)?.map(String.init).joined(separator: " ")
    let answer = reader.answer(parts[1].split(separator: " ").map { Float($0)! })
    print("\(image ?? "tap")|\(answer.digit.map(String.init) ?? "none")|\(answer.probability)")
}
